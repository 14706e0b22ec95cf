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

/**
 * Files of a version as a .tar.gz under one top folder. Deterministic: files in the order given, and neither
 * times, owners nor a name in any header.
 *
 * @param progress - told how many bytes of content were packed
 */
export function packTree(
  store: ObjectStore,
  tree: StoredTree,
  files: readonly PackedFile[],
  folder: string,
  progress: (bytes: number) => void = () => {},
): Readable {
  const archive = pack()
  /** What was read for this archive alone, and is in no bundle. */
  const own = new WeakSet<Uint8Array>()
  fill(archive, own, store, tree, files, folder, progress).catch((error: unknown) => archive.destroy(error as Error))
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
  progress: (bytes: number) => void,
): Promise<void> {
  let packed = 0
  for (const { path, content } of files) {
    const place = tree.place(path)
    const size = content?.length ?? place.size
    const header = { name: `${folder}/${path}`, size, mode: 0o644, mtime: FILE_TIME, type: 'file' as const }
    if (content || place.offset !== undefined || size <= WHOLE_BYTES) {
      const whole = content ?? (await tree.read(path))
      if (!content && place.offset === undefined) own.add(whole)
      await addWhole(archive, header, whole)
    } else {
      await addStream(archive, own, header, store.read(objectKey(place.sha256)))
    }
    packed += size
    progress(packed)
  }
  archive.finalize()
}

type Header = Parameters<Pack['entry']>[0]

function addWhole(archive: Pack, header: Header, content: Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    archive.entry(header, content, (error) => (error ? failed(error) : done()))
  })
}

function addStream(archive: Pack, own: WeakSet<Uint8Array>, header: Header, content: Readable): Promise<void> {
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
