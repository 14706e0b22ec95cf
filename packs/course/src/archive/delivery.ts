import { Readable } from 'node:stream'

/**
 * An upload as it is delivered, that remembers whether the storage failed to. Such an error says nothing about
 * the archive, and may be tried again; one in the archive's bytes may not.
 */
export class Delivery {
  readonly stream: Readable
  #failed = false

  constructor(source: Readable) {
    this.stream = Readable.from(this.#pass(source), { objectMode: false })
  }

  get failed(): boolean {
    return this.#failed
  }

  // Not `for await`: what a reader further on throws in here must not be taken for an error of the source.
  async *#pass(source: Readable): AsyncGenerator<Uint8Array> {
    const chunks = source[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await chunks.next().catch((error: unknown) => {
          this.#failed = true
          throw error
        })
        if (next.done) return
        yield next.value
      }
    } finally {
      source.destroy()
    }
  }
}
