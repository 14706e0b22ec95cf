/** A flag that one side raises and the other waits for; raising it while nobody waits is not lost. */
export class Signals {
  #raised = false
  #wake: (() => void) | undefined
  #urgent = false
  #hurry: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.raise()

  constructor(signal?: AbortSignal) {
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
  }

  get aborted(): boolean {
    return this.#signal?.aborted === true
  }

  raise(): void {
    this.#raised = true
    this.#wake?.()
  }

  /** Raises it, and ends a pause or spares the next one. */
  raiseUrgently(): void {
    this.#urgent = true
    this.#hurry?.()
    this.raise()
  }

  clear(): void {
    this.#raised = false
    this.#urgent = false
  }

  /** Until it is raised, or `milliseconds` have passed. @returns whether it was raised */
  async wait(milliseconds: number | undefined): Promise<boolean> {
    if (this.#raised || this.aborted) return true
    await new Promise<void>((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
    return this.#raised
  }

  /**
   * Until so many milliseconds have passed since an instant, in which more may gather; only an abort and what is urgent shorten it.
   *
   * @param since - as `performance.now()` tells it
   */
  async pause(interval: number, since: number): Promise<void> {
    const milliseconds = since + interval - performance.now()
    if (this.aborted || this.#urgent || milliseconds <= 0) return
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#signal?.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, milliseconds)
      this.#signal?.addEventListener('abort', end)
      this.#hurry = end
    })
    this.#hurry = undefined
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}
