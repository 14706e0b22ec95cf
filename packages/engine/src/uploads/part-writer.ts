import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { v4 as uuidv4 } from 'uuid'
import type { Store } from '../storage/store.ts'

/** Some consecutive bytes of an upload, stored as an object. */
export interface UploadPart {
  start: number
  size: number
  key: string
}

/** Writes what arrives of an upload into objects of limited size, so that a crash loses no more than one of them. */
export class PartWriter {
  readonly #store: Store
  readonly #prefix: string
  readonly #limit: number
  #open: { stream: Writable; part: UploadPart } | undefined
  #at: number

  /** @param limit - bytes of a part at most, but for its last chunk */
  constructor(store: Store, prefix: string, at: number, limit: number) {
    this.#store = store
    this.#prefix = prefix
    this.#at = at
    this.#limit = limit
  }

  /**
   * Takes the chunk, and waits only while the storage is behind: what comes next arrives while this one is written, so its
   * bytes must stay as they are.
   *
   * @returns the part that is whole now, if one is
   */
  async write(chunk: Uint8Array): Promise<UploadPart | undefined> {
    this.#open ??= this.#begin()
    const { part, stream } = this.#open
    try {
      if (stream.errored) throw stream.errored
      if (!stream.write(chunk)) await once(stream, 'drain')
    } catch (error) {
      await this.giveUp()
      throw error
    }
    part.size += chunk.length
    this.#at += chunk.length
    return part.size >= this.#limit ? this.finish() : undefined
  }

  /** @returns what has been written since the last part, as a part of its own */
  async finish(): Promise<UploadPart | undefined> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return undefined
    const { errored } = open.stream
    // Its file is gone already.
    if (errored) throw errored
    await new Promise<void>((resolve, reject) => {
      open.stream.end((error?: Error | null) => (error ? reject(error) : resolve()))
    })
    return open.part
  }

  /** Leaves nothing of what is not part of a whole part. */
  async giveUp(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined || open.stream.closed) return
    open.stream.destroy()
    await once(open.stream, 'close').catch(() => undefined)
  }

  #begin() {
    // The random end: two requests for the same bytes must not write one object.
    const key = `${this.#prefix}/${String(this.#at).padStart(15, '0')}-${uuidv4().slice(0, 8)}`
    const stream = this.#store.write(key)
    stream.on('error', () => undefined)
    return { stream, part: { start: this.#at, size: 0, key } }
  }
}
