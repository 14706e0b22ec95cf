import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { isTaskFailure, TaskFailure } from '@errand/task'
import { type Extract, extract, type Header } from 'tar-stream'
import type { Notes } from '../import/notes.ts'
import { counting, decompressed } from './decompress.ts'
import { Delivery } from './delivery.ts'
import type { ArchiveKind } from './kind.ts'
import type { LimitGuard } from './limits.ts'
import type { ArchiveMember, MemberType } from './member.ts'

const TYPES: Readonly<Record<string, MemberType>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'directory',
  symlink: 'symlink',
  link: 'hardlink',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'fifo',
}

type TarEntry = Extract extends AsyncIterable<infer Entry> ? Entry : never

/** Options that tar-stream documents and its types leave out. Names are taken as bytes: `latin1` loses none. */
const READING = { filenameEncoding: 'latin1', allowUnknownFormat: true, highWaterMark: 256 * 1024 }

/**
 * The members of a tar archive, packed or not, as they stream by.
 *
 * @throws {TaskFailure} for a damaged or cut-off archive, and whatever the guard throws
 */
export async function* readTar(
  source: Readable,
  kind: Exclude<ArchiveKind, 'zip'>,
  guard: LimitGuard,
  notes?: Notes,
): AsyncGenerator<ArchiveMember> {
  const delivery = new Delivery(source)
  const explain = (error: unknown): unknown => (delivery.failed || isTaskFailure(error) ? error : damaged(error, guard))
  const packed = counting((bytes) => guard.countPacked(bytes))
  const members = extract(READING)
  let zeros = 0
  pipeline(delivery.stream, packed, ignore)
  pipeline(
    decompressed(kind, packed),
    counting((bytes, chunk) => {
      guard.countStreamed(bytes)
      zeros = zerosAtEnd(chunk, zeros)
    }),
    members,
    ignore,
  )
  try {
    for await (const entry of members) yield toMember(entry, explain)
    // Some programs write none, so it is no reason to refuse it; but one that was cut between two members looks the same.
    if (zeros < END_MARK && guard.members > 0) {
      const message = `The archive ends after it, without an end mark: it may have been cut off. Files, folders and links read: ${guard.members}.`
      notes?.add('root', guard.member, message)
    }
  } catch (error) {
    throw explain(error)
  } finally {
    delivery.stream.destroy()
  }
}

// `pipeline` hands every error on to the last stream; it is read there.
function ignore(): void {}

/** Two blocks of zeros end a tar archive. In bytes. */
const END_MARK = 1_024

/** How many zeros there are at the end, up to the end mark's. */
function zerosAtEnd(chunk: Uint8Array, before: number): number {
  const last = chunk.subarray(-END_MARK)
  const at = last.findLastIndex((byte) => byte !== 0)
  return Math.min(END_MARK, at === -1 ? before + last.length : last.length - 1 - at)
}

function toMember(entry: TarEntry, explain: (error: unknown) => unknown): ArchiveMember {
  const { header } = entry
  // Of some damaged headers tar-stream knows no size, and would wait for their contents for ever.
  if (!Number.isSafeInteger(header.size)) throw new Error('Invalid size')
  const extended = extendedHeader(header)
  const name = decodeName(header.name, extended.path)
  const target = header.linkname ? decodeName(header.linkname, extended.linkpath).text : undefined
  return {
    name: name.text,
    type: typeOf(header, extended),
    ...(target === undefined ? {} : { target }),
    size: header.size,
    ...(name.guessed ? { nameGuessed: true } : {}),
    content: contentOf(entry, explain),
  }
}

function extendedHeader(header: Header): Readonly<Record<string, unknown>> {
  const { pax } = header
  return typeof pax === 'object' && pax !== null ? { ...pax } : {}
}

function typeOf(header: Header, extended: Readonly<Record<string, unknown>>): MemberType {
  // GNU tar says in the extended header that a file was stored without its holes.
  if (Object.keys(extended).some((key) => key.startsWith('GNU.sparse.'))) return 'sparse'
  return TYPES[header.type] ?? 'unknown'
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

async function* contentOf(entry: TarEntry, explain: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  // A folder has no contents whatever size is stated, and there tar-stream would wait for ever as well.
  if (entry.header.type === 'directory') return
  try {
    // Its types say no more of an entry than that it is a stream; the bytes are what tar-stream documents.
    yield* entry as AsyncIterable<Uint8Array>
  } catch (error) {
    throw explain(error)
  }
}

/** An extended header's name is UTF-8 by its standard; a plain one is whatever its maker used. */
function decodeName(raw: string, extended: unknown): { text: string; guessed: boolean } {
  if (typeof extended === 'string') return { text: extended, guessed: false }
  try {
    return { text: UTF8.decode(Buffer.from(raw, 'latin1')), guessed: false }
  } catch {
    return { text: raw, guessed: true }
  }
}

function damaged(error: unknown, guard: LimitGuard): TaskFailure {
  const what = error instanceof Error ? error.message : String(error)
  const cutOff = /unexpected end|ended prematurely/i.test(what)
  const where = guard.members === 0 ? 'before its first member' : `after the member "${guard.member}"`
  return new TaskFailure({
    code: cutOff ? 'archive-cut-off' : 'archive-damaged',
    title: cutOff ? 'The archive ends too early' : 'The archive is damaged',
    detail: `It cannot be read any further ${where} (${what}).`,
    hint: 'Pack or download the archive again and hand it in once more; check that the upload was complete.',
    cause: error,
  })
}
