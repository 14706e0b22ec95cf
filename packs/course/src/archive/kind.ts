import { TaskFailure } from '@errand/task'

/** The archives that can be imported. */
export type ArchiveKind = 'tar' | 'tar.gz' | 'tar.bz2' | 'tar.xz' | 'zip'

/** How many first bytes are looked at. A tar header is one block of 512 bytes. */
export const HEAD_BYTES = 512

/** What the first bytes say a file is; the file's name plays no part. */
export type Recognised = 'tar' | 'gzip' | 'bzip2' | 'xz' | 'zip' | { other: string }

const SIGNATURES: readonly (readonly [readonly number[], Recognised])[] = [
  [[0x1f, 0x8b], 'gzip'],
  [[0x42, 0x5a, 0x68], 'bzip2'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz'],
  [[0x50, 0x4b, 0x03, 0x04], 'zip'],
  [[0x50, 0x4b, 0x05, 0x06], 'zip'],
  [[0x52, 0x61, 0x72, 0x21], { other: 'a RAR archive' }],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], { other: 'a 7-Zip archive' }],
  [[0x28, 0xb5, 0x2f, 0xfd], { other: 'a Zstandard file' }],
  [[0x25, 0x50, 0x44, 0x46], { other: 'a PDF document' }],
  [[0x89, 0x50, 0x4e, 0x47], { other: 'a PNG image' }],
  [[0xff, 0xd8, 0xff], { other: 'a JPEG image' }],
]

/** Names what a file is by its first bytes. */
export function recognise(head: Uint8Array): Recognised {
  for (const [signature, kind] of SIGNATURES) {
    if (signature.every((byte, index) => head[index] === byte)) return kind
  }
  if (isTarHeader(head)) return 'tar'
  const text = Buffer.from(head).toString('latin1').trimStart().toLowerCase()
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) return { other: 'a web page' }
  if (text.startsWith('<?xml') || text.startsWith('<course') || text.startsWith('<library')) {
    return { other: 'an XML file' }
  }
  return { other: 'no archive that is known here' }
}

/** True for a block whose checksum is right, in any dialect of tar, also for the zeros that end (or are) an archive. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < HEAD_BYTES) return false
  let sum = 8 * 32
  let zero = true
  for (let index = 0; index < HEAD_BYTES; index++) {
    const byte = block[index] ?? 0
    if (byte !== 0) zero = false
    if (index < 148 || index >= 156) sum += byte
  }
  const stored = Buffer.from(block.subarray(148, 156)).toString('latin1').replaceAll('\0', ' ').trim()
  return zero || (/^[0-7]+$/.test(stored) && Number.parseInt(stored, 8) === sum)
}

/** The failure for a file that is no archive. */
export function notAnArchive(filename: string, found: string): TaskFailure {
  return new TaskFailure({
    code: 'archive-unrecognised',
    title: 'The file is not a course archive',
    detail: `"${filename}" is ${found}.`,
    hint: 'Hand in a course as .tar.gz (as exports are), .tar, .tar.bz2, .tar.xz or .zip.',
  })
}
