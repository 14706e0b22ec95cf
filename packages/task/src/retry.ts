import { type Duration, toSeconds } from './duration.ts'

/** How often and how soon a step is tried again after a retryable failure. */
export interface RetryOptions {
  /** Tries in all, the first included. 1 to 100. Default 3. */
  attempts?: number
  /** `exponential` doubles the delay each time; `fixed` keeps it. Default `exponential`. */
  backoff?: 'exponential' | 'fixed'
  /** Before the second try. Default 2 seconds. */
  delay?: Duration
  /** No wait is longer. Default 5 minutes. */
  maxDelay?: Duration
}

/** The same, with every default filled in, as it stands in a definition's shape. Times in seconds. */
export interface RetryPolicy {
  attempts: number
  backoff: 'exponential' | 'fixed'
  delay: number
  maxDelay: number
}

/** Three tries ride out a restart of a dependency; 2 s and then 4 s are short enough to wait for. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 3, backoff: 'exponential', delay: 2, maxDelay: 300 }

/** @throws {TypeError} when the number of attempts is not a whole number from 1 to 100. */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  const attempts = options.attempts ?? DEFAULT_RETRY.attempts
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > 100) {
    throw new TypeError(`retry.attempts must be a whole number from 1 to 100, got ${attempts}`)
  }
  return {
    attempts,
    backoff: options.backoff ?? DEFAULT_RETRY.backoff,
    delay: options.delay ? toSeconds(options.delay) : DEFAULT_RETRY.delay,
    maxDelay: options.maxDelay ? toSeconds(options.maxDelay) : DEFAULT_RETRY.maxDelay,
  }
}

/**
 * How long to wait before the next try, in seconds, after `attempt` tries have failed. Full delay at
 * `random` = 1, half of it at 0, so that steps which failed together do not come back together.
 *
 * @example
 * ```ts
 * retryDelay({ attempts: 5, backoff: 'exponential', delay: 2, maxDelay: 300 }, 3, 1) // 8
 * ```
 */
export function retryDelay(policy: RetryPolicy, attempt: number, random: number = Math.random()): number {
  const factor = policy.backoff === 'fixed' ? 1 : 2 ** Math.min(attempt - 1, 30)
  const full = Math.min(policy.delay * factor, policy.maxDelay)
  return full / 2 + (full / 2) * random
}

/**
 * How many tries a step has in all. What `retry` says of a step with many items is said of each item; to list them and to put the
 * outputs together is tried as often as any step by itself.
 *
 * @example
 * ```ts
 * triesOf({ kind: 'fan-out', retry: retryPolicy({ attempts: 1 }) }) // 3
 * ```
 */
export function triesOf({ kind, retry }: { kind: string; retry: RetryPolicy }): number {
  return kind === 'fan-out' ? Math.max(retry.attempts, DEFAULT_RETRY.attempts) : retry.attempts
}
