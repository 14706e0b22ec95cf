import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { ByteRange, StoreConfig } from '@errand/task'
import { Problem } from '../problem.ts'
import { makeFolder } from './make-folder.ts'
import { READ_CHUNK } from './reading.ts'
import { release } from './release.ts'
import type { WriteOptions } from './store.ts'

/** Unfinished writes lie here, in every storage, until they are moved into place. */
export const PARTIAL = '.partial'

/** Bytes taken before the disk has them: what comes next is hashed while those before it are written. */
const WRITE_AHEAD = 4 * READ_CHUNK

/** Milliseconds without a write after which an unfinished file is what a killed process left. */
const ABANDONED = 86_400_000

/**
 * Makes the folder of an `fs` storage, so that a folder that cannot be written is found at the start, and removes what
 * killed processes have left unfinished in it.
 *
 * @throws {Problem} `storage-unwritable`
 */
export async function prepareStorage(config: StoreConfig): Promise<void> {
  if (config.scheme !== 'fs' || config.root === undefined) return
  try {
    await makeFolder(join(config.root, PARTIAL))
    await removeAbandoned(join(config.root, PARTIAL))
  } catch (cause) {
    throw new Problem({
      code: 'storage-unwritable',
      status: 503,
      title: 'The storage folder cannot be written',
      detail: `${config.root}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Create the folder, or let the account that runs Errand write it.',
      cause,
    })
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    // Another process may have moved it into place meanwhile.
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED) await rm(path, { force: true })
  }
}

/** A file as a stream. By Node itself, which is several times faster on files than a call of the library per chunk. */
export function readFile(root: string, key: string, { end, start }: ByteRange = { start: 0 }): Readable {
  if (end !== undefined && end <= start) return Readable.from([])
  // Node's `end` is the last byte itself.
  const last = end === undefined ? {} : { end: end - 1 }
  return createReadStream(join(root, key), { start, ...last, highWaterMark: READ_CHUNK })
}

/**
 * Writes beside the file and moves what is complete into place, its bytes on the disk before that: nobody meets half of
 * it, not even after a power cut.
 */
export function writeFile(root: string, key: string, { handedOver = false }: WriteOptions = {}): Writable {
  const aside = join(root, PARTIAL, randomUUID())
  const path = join(root, key)
  // Each time, which costs some microseconds: somebody may have tidied up since the start.
  mkdirSync(dirname(aside), { recursive: true })
  const file = createWriteStream(aside, { flags: 'wx', flush: true, highWaterMark: READ_CHUNK })
  // Whoever writes is told through the callbacks.
  file.on('error', () => undefined)
  let moved = false
  const place = async () => {
    await mkdir(dirname(path), { recursive: true })
    await rename(aside, path)
    moved = true
  }
  return new Writable({
    highWaterMark: WRITE_AHEAD,
    // What broke it says more than that it is broken.
    write(chunk: Buffer, _encoding, done) {
      if (file.errored) return done(file.errored)
      file.write(chunk, (error) => {
        if (handedOver) release(chunk)
        done(error)
      })
    },
    // What came while the one before was written goes in one call of the system: a network's pieces are small.
    writev(pieces: { chunk: Buffer }[], done) {
      if (file.errored) return done(file.errored)
      const last = pieces.length - 1
      const written = (error?: Error | null) => {
        if (handedOver) for (const { chunk } of pieces) release(chunk)
        done(error)
      }
      file.cork()
      for (const [index, { chunk }] of pieces.entries()) file.write(chunk, index === last ? written : undefined)
      file.uncork()
    },
    final(done) {
      file.once('error', done)
      // `close` comes after the flush, `finish` before it.
      file.once('close', () => {
        if (file.errored === null) place().then(() => done(), done)
      })
      file.end()
    },
    destroy(error, done) {
      if (moved) return done(error)
      const remove = () =>
        void rm(aside, { force: true }).then(
          () => done(error),
          () => done(error),
        )
      if (file.closed) return remove()
      file.once('close', remove)
      file.destroy()
    },
  })
}
