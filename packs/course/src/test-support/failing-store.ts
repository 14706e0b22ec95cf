import { Readable, Writable } from 'node:stream'
import type { ByteRange, ObjectInfo, ObjectStore } from '@errand/task'

/** A store that answers so many requests and then none any more, as when its process was killed. */
export class FailingStore implements ObjectStore {
  readonly #store: ObjectStore
  #left: number

  constructor(store: ObjectStore, requests: number) {
    this.#store = store
    this.#left = requests
  }

  /** How many more it would have answered. */
  get left(): number {
    return this.#left
  }

  read(key: string, range?: ByteRange): Readable {
    if (this.#spend()) return this.#store.read(key, range)
    return new Readable({ read: (): void => void 0, construct: (done) => done(broken()) })
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#use()
    return this.#store.get(key)
  }

  async put(key: string, content: Uint8Array | string): Promise<void> {
    this.#use()
    await this.#store.put(key, content)
  }

  async create(key: string, content: Uint8Array | string): Promise<boolean> {
    this.#use()
    return this.#store.create(key, content)
  }

  write(key: string): Writable {
    if (this.#spend()) return this.#store.write(key)
    return new Writable({ construct: (done) => done(broken()) })
  }

  async stat(key: string): Promise<ObjectInfo | undefined> {
    this.#use()
    return this.#store.stat(key)
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    this.#use()
    yield* this.#store.list(prefix)
  }

  async move(from: string, to: string): Promise<void> {
    this.#use()
    await this.#store.move(from, to)
  }

  async delete(key: string): Promise<void> {
    this.#use()
    await this.#store.delete(key)
  }

  #use(): void {
    if (!this.#spend()) throw broken()
  }

  #spend(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }
}

function broken(): Error {
  return new Error('the storage is gone')
}
