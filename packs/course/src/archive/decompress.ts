import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream'
import { createGunzip } from 'node:zlib'
import xz from 'xz-decompress'
import { bunzip } from './bunzip.ts'
import type { ArchiveKind } from './kind.ts'

/** Bytes handed over at once: big enough that the hand-over costs little. */
const CHUNK = 128 * 1024

/** Passes bytes through and tells how many, and which. What `count` throws ends the stream. */
export function counting(count: (bytes: number, chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      try {
        count(chunk.length, chunk)
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
      return Readable.from(bunzip(source), { objectMode: false })
    case 'tar.xz':
      return Readable.from(unxz(source), { objectMode: false })
  }
}

// `pipeline` hands an error on to its last stream, whose reader sees it there.
function ignore(): void {}

async function* unxz(source: Readable): AsyncGenerator<Uint8Array> {
  let delivered = false
  async function* packed(): AsyncGenerator<Uint8Array> {
    yield* source
    delivered = true
  }
  const reader = new xz.XzReadableStream(ReadableStream.from(packed()) as never).getReader()
  let empty = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      if (value.length > 0) {
        empty = 0
        // The decompressor writes its next chunk into the same memory.
        yield Buffer.from(value)
      } else if (delivered && ++empty > 1) {
        // Of a file that is cut off it would yield nothing for ever.
        throw new Error('unexpected end of xz data')
      }
    }
  } finally {
    // Until then the decompressor, of which there is one, is kept from the next archive.
    await reader.cancel().catch(() => {})
    source.destroy()
  }
}
