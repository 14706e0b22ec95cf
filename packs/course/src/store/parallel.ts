/**
 * Runs work side by side, but only so much at once: `add` waits while all places are taken. The first
 * error is thrown by the next `add`, or by `drain`.
 */
export class Parallel {
  readonly #width: number
  readonly #running = new Set<Promise<void>>()
  #error: { cause: unknown } | undefined

  constructor(width: number) {
    this.#width = width
  }

  async add(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#width) await Promise.race(this.#running)
    this.#check()
    const run: Promise<void> = work()
      .catch((cause: unknown) => {
        this.#error ??= { cause }
      })
      .finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async drain(): Promise<void> {
    await Promise.all(this.#running)
    this.#check()
  }

  #check(): void {
    if (this.#error) throw this.#error.cause
  }
}
