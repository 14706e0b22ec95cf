import { AHEAD_MS, AHEAD_PATIENCE_MS, MOST_AHEAD } from './config.ts'

/** How much the newest step's time counts in the mean: about the last ten decide. */
const WEIGHT = 0.1

interface Waiter {
  enter(): void
  giveUp(): void
}

/**
 * The places in which steps run, and the queue before them. While steps take milliseconds, more of them are claimed
 * than there are places, as a place would otherwise be empty for longer than it is taken; while they take longer, none
 * is, as another worker may have a place for it.
 */
export class Slots {
  readonly #count: number
  readonly #onLeave: () => void
  readonly #waiting: Waiter[] = []
  #busy = 0
  /** Mean milliseconds of the last steps. Until one has ended, nothing speaks for claiming ahead. */
  #mean = Number.POSITIVE_INFINITY

  /** @param onLeave - called when a place is free again */
  constructor(count: number, onLeave: () => void) {
    this.#count = count
    this.#onLeave = onLeave
  }

  /** How many steps may be claimed now. */
  get room(): number {
    const ahead = Math.min(MOST_AHEAD, Math.floor((this.#count * AHEAD_MS) / this.#mean))
    // Not for each that leaves: a claim costs the same for one step as for many.
    if (this.#waiting.length > ahead / 2) return 0
    return Math.max(0, this.#count + ahead - this.#busy - this.#waiting.length)
  }

  /**
   * Waits for a place, in order.
   *
   * @returns how to leave it; `undefined` when the signal aborted first, or the wait became too long
   */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined
    if (this.#busy < this.#count) this.#busy++
    else if (!(await this.#place(signal))) return undefined
    const begin = performance.now()
    let left = false
    return () => {
      if (left) return
      left = true
      const took = performance.now() - begin
      this.#mean = Number.isFinite(this.#mean) ? this.#mean + WEIGHT * (took - this.#mean) : took
      this.#busy--
      this.#waiting.shift()?.enter()
      this.#onLeave()
    }
  }

  #place(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (entered: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', waiter.giveUp)
        resolve(entered)
      }
      const waiter: Waiter = {
        enter: () => {
          this.#busy++
          end(true)
        },
        giveUp: () => {
          this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
          end(false)
        },
      }
      const timer = setTimeout(() => {
        // The steps before it are not as short as those before them were.
        this.#mean = Math.max(this.#mean, AHEAD_PATIENCE_MS)
        waiter.giveUp()
      }, AHEAD_PATIENCE_MS)
      signal.addEventListener('abort', waiter.giveUp)
      this.#waiting.push(waiter)
    })
  }
}
