import { pipeline, Readable } from 'node:stream'
import type { ObjectStore } from '@errand/task'
import { type Pack, pack } from 'tar-stream'
import { objectKey } from '../store/object-keys.ts'
import { WHOLE_BYTES } from '../store/placement.ts'
import { release } from '../store/release.ts'
import type { StoredTree } from '../store/stored-tree.ts'
import { gzip } from './gzip.ts'

/** Every file's time, so that the same version makes the same bytes: 1980, the first year every archive tool takes. */
const FILE_TIME = new Date('1980-01-01T00:00:00Z')
/** Packed bytes that wait for whoever takes them: some blocks of the compressor. */
const READ_AHEAD = 1024 * 1024

/** One file of an archive that is being written. */
export interface PackedFile {
  /** Below the archive's top folder. */
  path: string
  /** Set when it differs from what is stored. */
  content?: Uint8Array
}

/** Who is told how an archive gets on. */
export interface PackListener {
  /** How many bytes of content were packed. */
  progress(bytes: number): void
  /**
   * A file cannot be read, after a second try. It is left out, unless this throws; but where a part of it is in the archive
   * already, the archive ends with an error, and can only be made anew without that file.
   */
  lost(path: string, cause: unknown): Promise<void>
}

/**
 * Files of a version as a .tar.gz under one top folder. Deterministic: files in the order given, and neither
 * times, owners nor a name in any header.
 */
export function packTree(
  store: ObjectStore,
  tree: StoredTree,
  files: readonly PackedFile[],
  folder: string,
  listener: PackListener,
): Readable {
  const archive = pack()
  /** What was read for this archive alone, and is in no bundle. */
  const own = new WeakSet<Uint8Array>()
  fill(archive, own, store, tree, files, folder, listener).catch((error: unknown) => archive.destroy(error as Error))
  const packed = gzip(archive as AsyncIterable<Uint8Array>, (part) => {
    if (own.has(part)) release(part)
  })
  return Readable.from(packed, { objectMode: false, highWaterMark: READ_AHEAD })
}

async function fill(
  archive: Pack,
  own: WeakSet<Uint8Array>,
  store: ObjectStore,
  tree: StoredTree,
  files: readonly PackedFile[],
  folder: string,
  listener: PackListener,
): Promise<void> {
  let packed = 0
  for (const { path, content } of files) {
    const place = tree.place(path)
    const size = content?.length ?? place.size
    const header = { name: `${folder}/${path}`, size, mode: 0o644, mtime: FILE_TIME, type: 'file' as const }
    if (content || place.offset !== undefined || size <= WHOLE_BYTES) {
      const whole = content ?? (await twice(() => readWhole(tree, path), listener, path))
      if (whole === undefined) continue
      if (!content && place.offset === undefined) own.add(whole)
      await addWhole(archive, header, whole)
    } else {
      const begun = await twice(() => begin(store.read(objectKey(place.sha256))), listener, path)
      if (begun === undefined) continue
      await addStream(archive, own, header, rest(begun, { path, size }, listener))
    }
    packed += size
    listener.progress(packed)
  }
  archive.finalize()
}

/** Tries it once more before the file counts as lost: most failures of a storage pass. */
async function twice<Result>(
  action: () => Promise<Result>,
  listener: PackListener,
  path: string,
): Promise<Result | undefined> {
  try {
    return await action().catch(action)
  } catch (error) {
    await listener.lost(path, error)
    return undefined
  }
}

async function readWhole(tree: StoredTree, path: string): Promise<Uint8Array> {
  const bytes = await tree.read(path)
  const { size } = tree.place(path)
  if (bytes.length === size) return bytes
  throw new Error(`The storage has ${bytes.length} bytes of ${path}, which has ${size}.`)
}

/** A stream whose first bytes are there: one that cannot be read at all is found before anything of it is written. */
interface Begun {
  first: Uint8Array | undefined
  chunks: AsyncIterator<Uint8Array>
}

async function begin(content: Readable): Promise<Begun> {
  const chunks: AsyncIterator<Uint8Array> = content[Symbol.asyncIterator]()
  const next = await chunks.next()
  return { first: next.done ? undefined : next.value, chunks }
}

/** The whole stream. That it breaks off is told before anybody else hears of it. */
async function* rest(
  { chunks, first }: Begun,
  { path, size }: { path: string; size: number },
  listener: PackListener,
): AsyncGenerator<Uint8Array> {
  const breakOff = async (cause: unknown): Promise<never> => {
    await listener.lost(path, cause)
    throw new Error(`${path} ends in the middle.`, { cause })
  }
  let left = size - (first?.length ?? 0)
  try {
    if (first !== undefined) yield first
    for (;;) {
      const next = await chunks.next().catch(breakOff)
      if (next.done) break
      left -= next.value.length
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
  if (left !== 0) await breakOff(new Error(`The storage has ${size - left} bytes of it, and not ${size}.`))
}

type Header = Parameters<Pack['entry']>[0]

function addWhole(archive: Pack, header: Header, content: Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    archive.entry(header, content, (error) => (error ? failed(error) : done()))
  })
}

function addStream(
  archive: Pack,
  own: WeakSet<Uint8Array>,
  header: Header,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  async function* marked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      own.add(chunk)
      yield chunk
    }
  }
  return new Promise((done, failed) => {
    const entry = archive.entry(header, (error) => (error ? failed(error) : done()))
    pipeline(content, marked, entry, (error) => {
      if (error) failed(error)
    })
  })
}
