import { PassThrough, pipeline, Readable, Transform, type TransformCallback } from 'node:stream'
import { createGunzip } from 'node:zlib'
import bunzip from 'unbzip2-stream'
import { XzReadableStream } from 'xz-decompress'
import type { ArchiveKind } from './kind.ts'

/** Bytes handed over at once: big enough that the hand-over costs little. */
const CHUNK = 128 * 1024

/** Passes bytes through and tells how many. What `count` throws ends the stream. */
export function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        count(chunk.length)
      } catch (error) {
        done(error as Error)
        return
      }
      done(null, chunk)
    },
  })
}

/** The plain tar stream inside a packed one. An error of the source, or in its data, is the stream's own. */
export function decompressed(kind: Exclude<ArchiveKind, 'zip'>, source: Readable): Readable {
  switch (kind) {
    case 'tar':
      return source
    case 'tar.gz':
      return pipeline(source, createGunzip({ chunkSize: CHUNK }), ignore)
    case 'tar.bz2':
      return pipeline(source, bunzip(), new PassThrough(), ignore)
    case 'tar.xz':
      return Readable.from(unxz(source), { objectMode: false })
  }
}

// `pipeline` hands an error on to its last stream, whose reader sees it there.
function ignore(): void {}

async function* unxz(source: Readable): AsyncGenerator<Uint8Array> {
  const reader = new XzReadableStream(Readable.toWeb(source) as never).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      // The decompressor writes its next chunk into the same memory.
      yield Buffer.from(value)
    }
  } finally {
    source.destroy()
  }
}
