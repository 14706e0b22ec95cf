import type { Readable } from 'node:stream'
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
  const found = recognise(await firstBytes(upload.readable({ start: 0, end: Math.min(size, HEAD_BYTES) })))
  if (typeof found === 'object') throw notAnArchive(filename, found.other)
  if (found === 'zip' || found === 'tar') return { kind: found, size, filename }
  const kind = ({ gzip: 'tar.gz', bzip2: 'tar.bz2', xz: 'tar.xz' } as const)[found]
  const delivery = new Delivery(upload.readable())
  const inner = await firstBytes(decompressed(kind, delivery.stream)).catch((cause: unknown) => {
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
  return { kind, size, filename }
}

/** The beginning of a stream, which is then ended. */
async function firstBytes(stream: Readable): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  // What comes before it in a pipeline is aborted when the rest is not read: that is no error here.
  stream.on('error', () => {})
  for await (const part of stream) {
    parts.push(part)
    size += part.length
    if (size >= HEAD_BYTES) break
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES)
}
