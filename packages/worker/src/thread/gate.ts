/** Lets so many actions run at once; further ones wait their turn. */
export class Gate {
  readonly #limit: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await action()
    } finally {
      // The place goes to whoever waits longest, so the number running stays as it is.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
