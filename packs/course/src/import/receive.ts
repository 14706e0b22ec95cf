import { Readable } from 'node:stream'
import { TaskFailure, type UploadedFile } from '@errand/task'
import { decompressed } from '../archive/decompress.ts'
import { Delivery } from '../archive/delivery.ts'
import { type ArchiveKind, HEAD_BYTES, isTarHeader, notAnArchive, recognise } from '../archive/kind.ts'

/** What the archive is. */
export interface Received {
  kind: ArchiveKind
  /** In bytes. */
  size: number
  filename: string
}

/**
 * Recognises the archive by its first bytes, and looks inside what packs a single stream.
 *
 * @throws {TaskFailure} `archive-empty`, `archive-unrecognised`, naming what the file is instead
 */
export async function receive(upload: UploadedFile): Promise<Received> {
  const { filename, size } = upload
  if (size === 0) {
    throw new TaskFailure({
      code: 'archive-empty',
      title: 'The file is empty',
      detail: `"${filename}" has no bytes at all.`,
      hint: 'Check that the export or the upload was complete, then hand it in again.',
    })
  }
  const delivery = new Delivery(upload.readable())
  try {
    return { kind: await kindOf(delivery, filename), size, filename }
  } finally {
    delivery.stream.destroy()
  }
}

async function kindOf(delivery: Delivery, filename: string): Promise<ArchiveKind> {
  const chunks: AsyncIterator<Uint8Array> = delivery.stream[Symbol.asyncIterator]()
  const head = await firstBytes(chunks)
  const found = recognise(head.subarray(0, HEAD_BYTES))
  if (typeof found === 'object') throw notAnArchive(filename, found.other)
  if (found === 'zip' || found === 'tar') return found
  const kind = ({ gzip: 'tar.gz', bzip2: 'tar.bz2', xz: 'tar.xz' } as const)[found]
  const inner = await firstBytesIn(decompressed(kind, rejoined(head, chunks))).catch((cause: unknown) => {
    if (delivery.failed) throw cause
    throw new TaskFailure({
      code: 'archive-damaged',
      title: 'The archive is damaged',
      detail: `"${filename}" begins as a ${found} file does, but cannot be unpacked (${cause instanceof Error ? cause.message : cause}).`,
      hint: 'Pack or download the archive again and hand it in once more; check that the upload was complete.',
      cause,
    })
  })
  if (!isTarHeader(inner)) {
    const other = recognise(inner)
    const what = typeof other === 'object' ? other.other : `another ${other} file`
    throw notAnArchive(filename, `a ${found} file, but what it packs is ${what}; it should be a tar archive`)
  }
  return kind
}

/** Chunks until there is a head, or no more. */
async function firstBytes(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  while (size < HEAD_BYTES) {
    const next = await chunks.next()
    if (next.done) break
    parts.push(next.value)
    size += next.value.length
  }
  return Buffer.concat(parts)
}

/** The head of a stream, which is then ended. */
async function firstBytesIn(stream: Readable): Promise<Uint8Array> {
  // What comes before it in a pipeline is aborted when the rest is not read: that is no error here.
  stream.on('error', () => {})
  try {
    return (await firstBytes(stream[Symbol.asyncIterator]())).subarray(0, HEAD_BYTES)
  } finally {
    stream.destroy()
  }
}

/** The whole stream again, of which the first chunks have been taken. */
function rejoined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): Readable {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  }
  return Readable.from(chunks(), { objectMode: false })
}
