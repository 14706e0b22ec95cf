import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ByteRange, ObjectInfo, ObjectStore, StoreConfig } from '@errand/task'
import { Operator } from 'opendal'
import { Problem } from '../problem.ts'

/** Bytes asked of the backend at a time: few requests on a network, little memory. */
const READ_CHUNK = 1 << 20

/** Unfinished writes of the `fs` scheme lie here until they are renamed into place. */
const PARTIAL = '.partial'

/** Milliseconds without a write after which an unfinished file is what a killed process left. */
const ABANDONED = 86_400_000

/**
 * An object store on any backend that OpenDAL knows. Only for the main thread: its native module does not survive the
 * end of a worker thread.
 *
 * @throws {Problem} `storage-invalid` for a scheme or option that the backend does not take
 * @example
 * ```ts
 * const store = openObjectStore({ scheme: 'fs', root: '/var/lib/errand/storage' })
 * ```
 */
export function openObjectStore(config: StoreConfig): ObjectStore & { operator: Operator } {
  const operator = openOperator(config)
  return {
    operator,
    read: (key, range) => read(operator, key, range),
    async get(key) {
      try {
        return await operator.read(key)
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    async put(key, content) {
      await operator.write(key, typeof content === 'string' ? content : asBuffer(content))
    },
    write: (key) => (config.scheme === 'fs' ? writeAside(operator, key) : write(operator, key)),
    async stat(key) {
      try {
        const metadata = await operator.stat(key)
        return metadata.isFile() ? { key, size: Number(metadata.contentLength ?? 0n) } : undefined
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    },
    list: (prefix) => list(operator, prefix),
    async move(from, to) {
      if (operator.capability().rename) return operator.rename(from, to)
      if (operator.capability().copy) await operator.copy(from, to)
      else await pipeline(read(operator, from), write(operator, to))
      await operator.delete(from)
    },
    delete: (key) => operator.delete(key),
  }
}

function openOperator(config: StoreConfig): Operator {
  const { scheme, ...options } = config
  try {
    // A file is renamed into place once it is complete, so that nobody meets half of one.
    const root = options.root
    if (scheme === 'fs' && root !== undefined)
      return new Operator(scheme, { atomic_write_dir: join(root, PARTIAL), ...options })
    return new Operator(scheme, options)
  } catch (cause) {
    throw new Problem({
      code: 'storage-invalid',
      status: 500,
      title: `The storage "${scheme}" cannot be opened`,
      detail: cause instanceof Error ? cause.message : String(cause),
      hint: 'Check the scheme and its options in the configuration, under storages.',
      cause,
    })
  }
}

/**
 * Makes the folder of an `fs` storage, so that a folder that cannot be written is found at the start, and removes what
 * killed processes have left unfinished in it.
 */
export async function prepareStorage(config: StoreConfig): Promise<void> {
  if (config.scheme !== 'fs' || config.root === undefined) return
  try {
    await mkdir(join(config.root, PARTIAL), { recursive: true })
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

/** Asks for the size first: a backend answers a read past the end with an error, not with what is left. */
function read(operator: Operator, key: string, range: ByteRange = { start: 0 }): Readable {
  let at = range.start
  let end: number | undefined
  const next = async (): Promise<Buffer | null> => {
    if (end === undefined) {
      const metadata = await operator.stat(key)
      end = Math.min(range.end ?? Number.POSITIVE_INFINITY, Number(metadata.contentLength ?? 0n))
    }
    if (at >= end) return null
    const chunk = await operator.read(key, { offset: BigInt(at), size: BigInt(Math.min(READ_CHUNK, end - at)) })
    at += chunk.length
    return chunk
  }
  return new Readable({
    highWaterMark: READ_CHUNK,
    read() {
      next().then(
        (chunk) => this.push(chunk),
        (error: unknown) => this.destroy(isNotFound(error) ? notFound(key) : asError(error)),
      )
    },
  })
}

function write(operator: Operator, key: string): Writable {
  const opening = operator.writer(key)
  opening.catch(() => undefined)
  const store = async (chunk: Buffer) => (await opening).write(chunk)
  return new Writable({
    highWaterMark: READ_CHUNK,
    write(chunk: Buffer, _encoding, done) {
      store(chunk).then(() => done(), done)
    },
    final(done) {
      opening.then((writer) => writer.close()).then(() => done(), done)
    },
  })
}

/**
 * Writes beside the object and moves what is complete into place. One that is given up is removed: OpenDAL has no way to
 * do so but to complete it, which must not happen under the object's own name.
 */
function writeAside(operator: Operator, key: string): Writable {
  const aside = `${PARTIAL}/${randomUUID()}`
  const inner = write(operator, aside)
  let complete = false
  // Whoever writes is told through the callbacks.
  inner.on('error', () => undefined)
  return new Writable({
    highWaterMark: READ_CHUNK,
    write: (chunk: Buffer, _encoding, done) => void inner.write(chunk, done),
    final(done) {
      inner.end((error?: Error | null) => {
        if (error) return done(error)
        operator.rename(aside, key).then(() => {
          complete = true
          done()
        }, done)
      })
    },
    destroy(error, done) {
      if (complete) return done(error)
      const remove = () =>
        operator.delete(aside).then(
          () => done(error),
          () => done(error),
        )
      if (inner.writableFinished || inner.destroyed) void remove()
      else inner.end(() => void remove())
    },
  })
}

async function* list(operator: Operator, prefix: string): AsyncIterable<ObjectInfo> {
  const entries = await operator.list(prefix === '' ? '/' : prefix, { recursive: true }).catch((error: unknown) => {
    if (isNotFound(error)) return []
    throw error
  })
  for (const entry of entries) {
    const key = entry.path()
    if (key.endsWith('/') || key.startsWith(`${PARTIAL}/`)) continue
    // Some backends tell sizes only one by one; an empty file costs such a question as well.
    const size = Number(entry.metadata().contentLength ?? 0n) || (await sizeOf(operator, key))
    if (size !== undefined) yield { key, size }
  }
}

/** `undefined` for what was deleted meanwhile. */
async function sizeOf(operator: Operator, key: string): Promise<number | undefined> {
  try {
    return Number((await operator.stat(key)).contentLength ?? 0n)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function notFound(key: string): Error {
  return Object.assign(new Error(`There is no object "${key}".`), { code: 'ENOENT' })
}

/** OpenDAL's errors begin with their kind. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NotFound')
}
