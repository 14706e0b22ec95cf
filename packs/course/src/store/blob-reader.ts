import type { ObjectStore } from '@errand/task'

/** Bytes asked for at once. */
const BLOCK = 2 ** 20
/** Blocks kept: 48 MiB, so that files read out of order rarely cost a second request. */
const KEPT_BLOCKS = 48

/** Reads pieces of one big object, asking the storage for few and large ranges and holding few of them. */
export class BlobReader {
  readonly #store: ObjectStore
  readonly #key: string
  readonly #size: number
  readonly #blocks = new Map<number, Promise<Uint8Array>>()

  constructor(store: ObjectStore, key: string, size: number) {
    this.#store = store
    this.#key = key
    this.#size = size
  }

  async read(offset: number, size: number): Promise<Uint8Array> {
    if (size === 0) return new Uint8Array()
    if (offset + size > this.#size) throw new RangeError(`${this.#key} has no bytes ${offset} to ${offset + size}`)
    const first = Math.floor(offset / BLOCK)
    const last = Math.floor((offset + size - 1) / BLOCK)
    const parts: Uint8Array[] = []
    for (let block = first; block <= last; block++) {
      const bytes = await this.#block(block)
      const start = block === first ? offset - block * BLOCK : 0
      parts.push(bytes.subarray(start, Math.min(BLOCK, offset + size - block * BLOCK)))
    }
    const [only] = parts
    return parts.length === 1 && only ? only : Buffer.concat(parts, size)
  }

  /** Whether the object's first byte can be read, asked anew each time. */
  async answers(): Promise<boolean> {
    try {
      const [first] = await this.#store.read(this.#key, { start: 0, end: 1 }).toArray()
      return first !== undefined
    } catch {
      return false
    }
  }

  #block(index: number): Promise<Uint8Array> {
    const kept = this.#blocks.get(index)
    this.#blocks.delete(index)
    const block = kept ?? this.#fetch(index)
    // Put last again: the first of a Map is the one not used for longest.
    this.#blocks.set(index, block)
    // What failed is asked for anew the next time.
    block.catch(() => {
      if (this.#blocks.get(index) === block) this.#blocks.delete(index)
    })
    if (this.#blocks.size > KEPT_BLOCKS) {
      const [oldest] = this.#blocks.keys()
      if (oldest !== undefined) this.#blocks.delete(oldest)
    }
    return block
  }

  async #fetch(index: number): Promise<Uint8Array> {
    const start = index * BLOCK
    const parts: Uint8Array[] = []
    for await (const part of this.#store.read(this.#key, { start, end: Math.min(start + BLOCK, this.#size) })) {
      parts.push(part)
    }
    const bytes = Buffer.concat(parts)
    const wanted = Math.min(BLOCK, this.#size - start)
    if (bytes.length === wanted) return bytes
    throw new Error(`Of ${this.#key} the storage gave ${bytes.length} bytes from ${start} on, and not ${wanted}.`)
  }
}
