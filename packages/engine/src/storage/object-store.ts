import { readFile as readWhole } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ObjectInfo, StoreConfig } from '@errand/task'
import { type Metadata, Operator } from 'opendal'
import { Problem } from '../problem.ts'
import { createFile, createObject } from './create.ts'
import { isNotFound } from './errors.ts'
import { PARTIAL, readFile, writeFile } from './folder.ts'
import { readObject } from './reading.ts'
import type { Store, WriteOptions } from './store.ts'
import { putObject, writeObject } from './writing.ts'

/**
 * An object store on any backend that OpenDAL knows: `fs`, `s3`, `gcs`, `azblob`, `webdav`, `memory`. Only for the main
 * thread: its native module does not survive the end of a worker thread.
 *
 * @throws {Problem} `storage-invalid` for a scheme or option that the backend does not take
 * @example
 * ```ts
 * const store = openObjectStore({ scheme: 's3', bucket: 'reports', region: 'eu-central-1' })
 * ```
 */
export function openObjectStore(config: StoreConfig): Store & { operator: Operator } {
  const operator = openOperator(config)
  const { root, scheme } = config
  const folder = scheme === 'fs' ? root : undefined
  const checked = <Args extends unknown[], Result>(action: (key: string, ...args: Args) => Result) => {
    return (key: string, ...args: Args) => action(safeKey(key), ...args)
  }
  const read = checked<[range?: { start: number; end?: number }], ReturnType<Store['read']>>((key, range) =>
    folder === undefined ? readObject(operator, key, range) : readFile(folder, key, range),
  )
  const write = checked<[options?: WriteOptions], ReturnType<Store['write']>>((key, options) => {
    if (folder !== undefined) return writeFile(folder, key, options)
    return scheme === 'webdav' ? putObject(operator, config, key) : writeObject(operator, scheme, key, options)
  })
  return {
    operator,
    scheme,
    read,
    write,
    get: checked(async (key) => {
      try {
        // By Node where it can, as its memory can be handed to another thread.
        return await (folder === undefined ? operator.read(key) : readWhole(join(folder, key)))
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    }),
    put: checked(async (key, content: Uint8Array | string) => {
      await operator.write(key, typeof content === 'string' ? content : asBuffer(content))
    }),
    create: checked((key, content: Uint8Array | string) => {
      if (folder !== undefined) return createFile(folder, key, content)
      return createObject(operator, key, typeof content === 'string' ? content : asBuffer(content))
    }),
    stat: checked((key) => infoOf(operator, key)),
    list: (prefix) => list(operator, prefix),
    async move(from, to) {
      if (operator.capability().rename) return operator.rename(safeKey(from), safeKey(to))
      if (operator.capability().copy) await operator.copy(safeKey(from), safeKey(to))
      else await pipeline(read(from), write(to))
      await operator.delete(from)
    },
    delete: checked((key) => deleteObject(operator, key)),
    sign: checked(async (key, seconds: number) => {
      if (!operator.capability().presignRead) return undefined
      return (await operator.presignRead(key, seconds)).url
    }),
    path: checked((key) => (folder === undefined ? undefined : join(folder, key))),
  }
}

/** Keys are never paths of their own: one that could lead out of its storage is a mistake of whoever made it. */
function safeKey(key: string): string {
  const bad = key === '' || key.includes('\\') || key.includes('\0')
  if (!bad && !key.split('/').some((part) => part === '' || part === '.' || part === '..')) return key
  throw new Problem({
    code: 'storage-key-invalid',
    status: 500,
    title: 'This is no name for an object',
    detail: `${JSON.stringify(key)} has an empty part, ".", "..", "\\" or a NUL in it.`,
    hint: 'Write keys as parts with "/" between them: courses/a/index.json.',
  })
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

/** Tries of a deletion that meets another one of the same object: some backends lock it meanwhile, or fail. */
const DELETE_TRIES = 5

/** What is gone need not be deleted: of several who do it at once, all but one find it so. */
async function deleteObject(operator: Operator, key: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await operator.delete(key)
    } catch (error) {
      // Somebody else was faster, between the backend's look and its removal.
      if (isNotFound(error)) return
      // So does OpenDAL call what may go well a moment later.
      const temporary = error instanceof Error && error.message.includes('(temporary)')
      if (!temporary || tries >= DELETE_TRIES) throw error
      if (!(await operator.exists(key))) return
    }
  }
}

async function* list(operator: Operator, prefix: string): AsyncIterable<ObjectInfo> {
  const entries = await operator.list(prefix === '' ? '/' : prefix, { recursive: true }).catch((error: unknown) => {
    if (isNotFound(error)) return []
    throw error
  })
  for (const entry of entries) {
    const key = entry.path()
    if (key.endsWith('/') || key.startsWith(`${PARTIAL}/`)) continue
    const metadata = entry.metadata()
    // Some backends tell sizes only one by one; an empty file costs such a question as well.
    const info = Number(metadata.contentLength ?? 0n) > 0 ? toInfo(key, metadata) : await infoOf(operator, key)
    if (info !== undefined) yield info
  }
}

/** `undefined` for what is not there, or not any more. */
async function infoOf(operator: Operator, key: string): Promise<ObjectInfo | undefined> {
  try {
    const metadata = await operator.stat(key)
    return metadata.isFile() ? toInfo(key, metadata) : undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function toInfo(key: string, { contentLength, lastModified }: Metadata): ObjectInfo {
  const size = Number(contentLength ?? 0n)
  return lastModified === null ? { key, size } : { key, size, modified: new Date(lastModified) }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
