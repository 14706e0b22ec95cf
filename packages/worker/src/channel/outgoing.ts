import { Writable } from 'node:stream'
import { CHUNK_SIZE, FIRST_CHUNK_SIZE, STREAM_WINDOW } from '../config.ts'
import { isAlone } from './memory.ts'

/** How a stream's sender speaks to its receiver. */
export interface OutgoingLink {
  chunk(bytes: Uint8Array): void
  end(): void
  broken(error: Error): void
  /** The stream is over, well or not. */
  closed(): void
}

export interface OutgoingOptions {
  /** Awaited before `finish`: resolves when the receiver has stored everything. */
  finished?: () => Promise<unknown>
  /** Nobody looks again at what is written: a big chunk that is alone in its memory goes as it is. */
  handedOver?: boolean
}

/**
 * The sending end of a byte stream between threads. What is written is gathered into chunks, whose memory is handed
 * over. It is copied once, into the chunk: an author may use a buffer again, and memory that a native module has made
 * cannot be handed over. Only what is handed over itself is not copied. No more than {@link STREAM_WINDOW} bytes are ever on their way, so a fast
 * writer moves at the pace of the storage behind the other end.
 */
export class Outgoing extends Writable {
  readonly #link: OutgoingLink
  readonly #finished: (() => Promise<unknown>) | undefined
  readonly #handedOver: boolean
  #window = STREAM_WINDOW
  #buffer: Buffer | undefined
  #used = 0
  #chunkSize = FIRST_CHUNK_SIZE
  #resume: (() => void) | undefined
  #ended = false

  constructor(link: OutgoingLink, options: OutgoingOptions = {}) {
    super({ highWaterMark: CHUNK_SIZE, decodeStrings: true })
    this.#link = link
    this.#finished = options.finished
    this.#handedOver = options.handedOver ?? false
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#handedOver && chunk.length >= CHUNK_SIZE && isAlone(chunk)) {
      this.#flush()
      this.#post(chunk)
      if (this.#window > 0) callback()
      else this.#resume = callback
    } else this.#copy(chunk, 0, callback)
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#flush()
    this.#ended = true
    this.#link.end()
    if (this.#finished === undefined) callback()
    else this.#finished().then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#ended) this.#link.broken(error ?? new Error('The stream was destroyed before its end.'))
    this.#buffer = undefined
    this.#resume = undefined
    this.#link.closed()
    callback(error)
  }

  /** The receiver has taken so many bytes. */
  credit(bytes: number): void {
    this.#window += bytes
    if (this.#window > 0) {
      const resume = this.#resume
      this.#resume = undefined
      resume?.()
    }
  }

  /** The receiver wants no more. */
  unwanted(): void {
    // It knows how the stream ended; telling it that the stream is broken would be an answer to nobody.
    this.#ended = true
    // Why it wants no more comes with the answer to the request behind this stream, if there is one.
    if (this.#finished === undefined) this.destroy()
    else
      this.#finished().then(
        () => this.destroy(),
        (error: Error) => this.destroy(error),
      )
  }

  #copy(chunk: Buffer, from: number, callback: (error?: Error | null) => void): void {
    let offset = from
    while (offset < chunk.length) {
      this.#buffer ??= Buffer.allocUnsafeSlow(chunk.length - offset > this.#chunkSize ? CHUNK_SIZE : this.#chunkSize)
      const copied = chunk.copy(this.#buffer, this.#used, offset)
      offset += copied
      this.#used += copied
      if (this.#used === this.#buffer.length) {
        this.#flush()
        if (this.#window <= 0) {
          this.#resume = () => this.#copy(chunk, offset, callback)
          return
        }
      }
    }
    callback()
  }

  #flush(): void {
    if (this.#buffer === undefined) return
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#buffer = undefined
    this.#used = 0
    this.#chunkSize = CHUNK_SIZE
    if (bytes.length > 0) this.#post(bytes)
  }

  #post(bytes: Uint8Array): void {
    this.#window -= bytes.byteLength
    this.#link.chunk(bytes)
  }
}
