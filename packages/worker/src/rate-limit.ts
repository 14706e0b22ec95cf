/**
 * Lets lines through: so many at once, then so many a second. What is left out is counted, so that the next
 * line that passes can say so.
 */
export class RateLimit {
  readonly #burst: number
  readonly #perSecond: number
  readonly #now: () => number
  #tokens: number
  #at: number
  #leftOut = 0

  /** @param now - in milliseconds; never goes back */
  constructor(rate: { burst: number; perSecond: number }, now: () => number = () => performance.now()) {
    this.#burst = rate.burst
    this.#perSecond = rate.perSecond
    this.#now = now
    this.#tokens = rate.burst
    this.#at = now()
  }

  /** Whether this line may pass. */
  allow(): boolean {
    const now = this.#now()
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1_000) * this.#perSecond)
    this.#at = now
    if (this.#tokens < 1) {
      this.#leftOut += 1
      return false
    }
    this.#tokens -= 1
    return true
  }

  /** How many lines did not pass since this was last asked. */
  takeLeftOut(): number {
    const count = this.#leftOut
    this.#leftOut = 0
    return count
  }
}

/**
 * A text of at most `limit` characters, with a mark where it was cut.
 *
 * @example
 * ```ts
 * cut('a long line', 6) // 'a lon…'
 * ```
 */
export function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}
