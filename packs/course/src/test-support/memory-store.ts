import { Readable, Writable } from 'node:stream'
import type { ByteRange, ObjectInfo, ObjectStore } from '@errand/task'

/** Objects in memory, for tests that make thousands of small ones. */
export class MemoryStore implements ObjectStore {
  readonly #objects = new Map<string, Uint8Array>()
  readonly #forgotten = new Map<string, number>()
  readonly #limit: number
  /** By the clock that a test may set. */
  readonly #written = new Map<string, number>()

  /** @param limit - of bigger objects, in bytes, only the size is kept */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  get keys(): string[] {
    return [...this.#objects.keys()]
  }

  read(key: string, range?: ByteRange): Readable {
    const content = this.#objects.get(key)
    if (content)
      return Readable.from([Buffer.from(content.subarray(range?.start ?? 0, range?.end))], { objectMode: false })
    return new Readable({
      construct: (done) => done(Object.assign(new Error(`no ${key}`), { code: 'ENOENT' })),
    })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const content = this.#objects.get(key)
    // What is got is the caller's own.
    return content && Buffer.from(content)
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    this.#set(key, Buffer.from(content))
  }

  async create(key: string, content: Uint8Array | string): Promise<boolean> {
    if (this.#objects.has(key)) return false
    this.#set(key, Buffer.from(content))
    return true
  }

  write(key: string): Writable {
    let parts: Buffer[] = []
    let size = 0
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        size += chunk.length
        if (size > this.#limit) parts = []
        else parts.push(Buffer.from(chunk))
        done()
      },
      final: (done) => {
        if (size > this.#limit) this.#forgotten.set(key, size)
        else this.#set(key, Buffer.concat(parts))
        done()
      },
    })
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    const content = this.#objects.get(key)
    const size = content?.length ?? this.#forgotten.get(key)
    return size === undefined ? undefined : this.#info(key, size)
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    for (const [key, content] of this.#objects) if (key.startsWith(prefix)) yield this.#info(key, content.length)
  }

  async move(from: string, to: string): Promise<void> {
    for (const kept of [this.#objects, this.#forgotten] as Map<string, unknown>[]) {
      if (kept.has(from)) kept.set(to, kept.get(from))
      kept.delete(from)
    }
    this.#written.set(to, Date.now())
  }

  async delete(key: string): Promise<void> {
    this.#objects.delete(key)
  }

  #set(key: string, content: Buffer): void {
    this.#objects.set(key, content)
    this.#written.set(key, Date.now())
  }

  #info(key: string, size: number): ObjectInfo {
    return { key, size, modified: new Date(this.#written.get(key) ?? Date.now()) }
  }
}
