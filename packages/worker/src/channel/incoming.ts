import { Readable } from 'node:stream'
import { CHUNK_SIZE } from '../config.ts'

/** How a stream's receiver speaks to its sender. */
export interface IncomingLink {
  credit(bytes: number): void
  unwanted(): void
  /** The stream is over, well or not. */
  closed(): void
}

/** The receiving end of a byte stream between threads. Its sender may send on as the reader takes what came. */
export class Incoming extends Readable {
  readonly #link: IncomingLink
  #owed = 0
  #over = false

  constructor(link: IncomingLink) {
    super({ highWaterMark: CHUNK_SIZE })
    this.#link = link
  }

  override _read(): void {
    if (this.#owed === 0) return
    const owed = this.#owed
    this.#owed = 0
    this.#link.credit(owed)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#over) this.#link.unwanted()
    this.#link.closed()
    callback(error)
  }

  chunk(bytes: Uint8Array): void {
    if (this.destroyed) return
    const wantsMore = this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (wantsMore) this.#link.credit(bytes.byteLength)
    else this.#owed += bytes.byteLength
  }

  end(): void {
    this.#over = true
    this.push(null)
  }

  broken(error: Error): void {
    this.#over = true
    this.destroy(error)
  }
}
