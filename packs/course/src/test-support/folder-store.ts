import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { ByteRange, ObjectInfo, ObjectStore } from '@errand/task'

/** Objects as files of a folder, for tests: a write is seen whole or not at all. */
export class FolderStore implements ObjectStore {
  readonly #root: string
  readonly #made = new Set<string>()
  /** How many requests of each kind were made. */
  readonly requests: Record<string, number> = {}

  constructor(root: string) {
    this.#root = root
  }

  get root(): string {
    return this.#root
  }

  read(key: string, range?: ByteRange): Readable {
    this.#count('read')
    if (range?.end !== undefined && range.end <= range.start) throw new RangeError(`empty range of ${key}`)
    return createReadStream(this.#path(key), {
      ...(range ? { start: range.start } : {}),
      ...(range?.end === undefined ? {} : { end: range.end - 1 }),
    })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#count('get')
    return readFile(this.#path(key)).catch(absent)
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    this.#count('put')
    const temporary = await this.#temporary()
    await writeFile(temporary, content)
    await this.#rename(temporary, key)
  }

  async create(key: string, content: Uint8Array | string): Promise<boolean> {
    this.#count('create')
    const temporary = await this.#temporary()
    await writeFile(temporary, content)
    await this.#folder(dirname(this.#path(key)))
    try {
      await link(temporary, this.#path(key))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await rm(temporary)
    }
  }

  write(key: string): Writable {
    this.#count('write')
    const temporary = join(this.#root, 'temporary', randomUUID())
    let file: Writable | undefined
    return new Writable({
      construct: (done) => {
        this.#folder(dirname(temporary)).then(() => {
          file = createWriteStream(temporary)
          done()
        }, done)
      },
      write: (chunk, _encoding, done) => file?.write(chunk, done),
      final: (done) => {
        if (!file) return done()
        file.end()
        finished(file)
          .then(() => this.#rename(temporary, key))
          .then(() => done(), done)
      },
      destroy: (error, done) => {
        file?.destroy()
        rm(temporary, { force: true }).then(
          () => done(error),
          () => done(error),
        )
      },
    })
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    this.#count('stat')
    const info = await stat(this.#path(key)).catch(absent)
    return info && { key, size: info.size, modified: info.mtime }
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    this.#count('list')
    const entries = await readdir(join(this.#root, prefix), { recursive: true, withFileTypes: true }).catch(absent)
    for (const entry of entries ?? []) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      // Others may have removed it since the folder was read.
      const info = await stat(path).catch(absent)
      if (info) yield { key: path.slice(this.#root.length + 1), size: info.size, modified: info.mtime }
    }
  }

  async move(from: string, to: string): Promise<void> {
    this.#count('move')
    await this.#rename(this.#path(from), to)
  }

  async delete(key: string): Promise<void> {
    this.#count('delete')
    await rm(this.#path(key), { force: true })
  }

  #count(request: string): void {
    this.requests[request] = (this.requests[request] ?? 0) + 1
  }

  #path(key: string): string {
    return join(this.#root, key)
  }

  async #temporary(): Promise<string> {
    const temporary = join(this.#root, 'temporary', randomUUID())
    await this.#folder(dirname(temporary))
    return temporary
  }

  async #rename(path: string, key: string): Promise<void> {
    await this.#folder(dirname(this.#path(key)))
    await rename(path, this.#path(key))
  }

  async #folder(path: string): Promise<void> {
    if (this.#made.has(path)) return
    await mkdir(path, { recursive: true })
    this.#made.add(path)
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
