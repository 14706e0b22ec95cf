import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { isTaskFailure, TaskFailure } from '@errand/task'
import { type Entry, fromFdPromise, getFileNameLowLevel, type ZipFile } from 'yauzl'
import type { LimitGuard } from './limits.ts'
import type { ArchiveMember, MemberType } from './member.ts'
import { PATH_BYTES } from './member-path.ts'

/**
 * The members of a zip archive. Its table of contents stands at its end, so the archive is first laid in a
 * private file, which is unlinked as soon as it is open: nothing is left however this ends.
 *
 * @throws {TaskFailure} for a damaged or encrypted archive, and whatever the guard throws
 */
export async function* readZip(source: Readable, guard: LimitGuard): AsyncGenerator<ArchiveMember> {
  const file = await spool(source, guard)
  let zip: ZipFile | undefined
  try {
    zip = await fromFdPromise(file, { decodeStrings: false, autoClose: false })
    for await (const entry of zip.eachEntry()) yield await toMember(zip, entry)
  } catch (error) {
    throw isTaskFailure(error) ? error : damaged(error, guard)
  } finally {
    // Closed by number: this thread may be ended at any moment, and node closes such files with the thread.
    closeSync(file)
  }
}

async function spool(source: Readable, guard: LimitGuard): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-zip-'))
  const path = join(folder, 'archive.zip')
  const fd = openSync(path, 'wx+', 0o600)
  try {
    const handle = await open(path, 'r+')
    rmSync(folder, { recursive: true, force: true })
    try {
      for await (const chunk of source) {
        guard.countPacked(chunk.length)
        await handle.writeFile(chunk)
      }
    } finally {
      await handle.close()
    }
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

async function toMember(zip: ZipFile, entry: Entry): Promise<ArchiveMember> {
  const { guessed, name } = nameOf(entry)
  if (entry.isEncrypted()) {
    throw new TaskFailure({
      code: 'archive-encrypted',
      title: 'The archive is encrypted',
      detail: `The member "${name}" can only be read with a password.`,
      hint: 'Pack the course again without a password.',
    })
  }
  const type = typeOf(name, entry.externalFileAttributes >>> 16)
  const target = type === 'symlink' ? await readTarget(zip, entry, name) : undefined
  return {
    name,
    type,
    ...(target === undefined ? {} : { target }),
    size: entry.uncompressedSize,
    ...(guessed ? { nameGuessed: true } : {}),
    content: type === 'file' ? contentOf(zip, entry, name) : nothing(),
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Set where the name is UTF-8. */
const UTF8_FLAG = 0x800
/** The extra field that holds the name in UTF-8 as well. */
const UNICODE_PATH = 0x7075

/**
 * The standard's own encoding is that of DOS. But macOS and many programs write UTF-8 and do not say so, which other text hardly
 * ever is by chance.
 */
function nameOf(entry: Entry): { name: string; guessed: boolean } {
  const { extraFields, fileNameRaw, generalPurposeBitFlag } = entry
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
  const said = (generalPurposeBitFlag & UTF8_FLAG) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH)
  if (said || fileNameRaw.every((byte) => byte < 0x80)) return { name, guessed: false }
  try {
    return { name: UTF8.decode(fileNameRaw).replaceAll('\\', '/'), guessed: false }
  } catch {
    return { name, guessed: true }
  }
}

/** The upper half of the external attributes is a Unix mode where the archive was made on such a system. */
function typeOf(name: string, mode: number): MemberType {
  switch (mode & 0o170000) {
    case 0o120000:
      return 'symlink'
    case 0o060000:
    case 0o020000:
      return 'device'
    case 0o010000:
      return 'fifo'
    default:
      return name.endsWith('/') ? 'directory' : 'file'
  }
}

async function readTarget(zip: ZipFile, entry: Entry, name: string): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of contentOf(zip, entry, name)) {
    size += part.length
    parts.push(part)
    // What was read is enough to refuse it as too long.
    if (size > PATH_BYTES) break
  }
  return Buffer.concat(parts).toString('utf8')
}

async function* contentOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Uint8Array> {
  let sum = 0
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      sum = crc32(chunk, sum)
      yield chunk
    }
  } catch (error) {
    throw damagedAt(`The member "${name}" cannot be unpacked (${messageOf(error)}).`, error)
  }
  // The library compares sizes only.
  if (sum >>> 0 !== entry.crc32 >>> 0) {
    throw damagedAt(`The member "${name}" does not have the checksum that the archive states.`)
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function damaged(error: unknown, guard: LimitGuard): TaskFailure {
  const where =
    guard.members === 0 ? 'Its table of contents cannot be read' : `It cannot be read after "${guard.member}"`
  return damagedAt(`${where} (${messageOf(error)}).`, error)
}

function damagedAt(detail: string, cause?: unknown): TaskFailure {
  return new TaskFailure({
    code: 'archive-damaged',
    title: 'The archive is damaged',
    detail,
    hint: 'Pack or download the archive again and hand it in once more; check that the upload was complete.',
    cause,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
