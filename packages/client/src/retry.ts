import { FIRST_RETRY_DELAY, MAX_RETRY_DELAY } from './config.ts'
import { ApiProblem, ServerUnreachable } from './errors.ts'

/** Counts tries at something that broke, and says how long to wait for the next one. */
export class Patience {
  readonly #limit: number
  #since: number | undefined
  #tries = 0

  /** @param limit - milliseconds after the first failure in a row until it is given up */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** It works again. */
  reset(): void {
    this.#since = undefined
    this.#tries = 0
  }

  /**
   * Waits before the next try.
   *
   * @throws `error` itself when another try cannot help or the patience is over, and the signal's reason on abort
   */
  async wait(error: unknown, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const now = performance.now()
    this.#since ??= now
    if (!isTransient(error) || now - this.#since >= this.#limit) throw error
    // Half of it by chance: clients that one restart cut off do not come back in one moment.
    const full = Math.min(FIRST_RETRY_DELAY * 2 ** this.#tries, MAX_RETRY_DELAY)
    this.#tries += 1
    await pause(full / 2 + (full / 2) * Math.random(), signal)
  }
}

/** Whether the same request may go well a little later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ServerUnreachable) return true
  return error instanceof ApiProblem && [429, 502, 503, 504].includes(error.status)
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
