import { setTimeout as delay } from 'node:timers/promises'
import { isProblem, type Problem } from '@errand/engine'
import type { Logger } from 'pino'
import { REPORT_RETRY_MS } from './config.ts'

/** True for the engine's word that an attempt is no longer this worker's. */
export function isClaimLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'claim-lost'
}

/**
 * Reports to the engine until it has been heard: a database that is away comes back. Safe to repeat, as the
 * engine refuses a second report of one attempt as lost.
 *
 * @param giveUp - aborts when it is no longer worth trying
 * @returns `lost` when the attempt is another's by now, or the engine's refusal
 */
export async function report(
  action: () => Promise<void>,
  options: { what: string; logger: Logger; giveUp: AbortSignal },
): Promise<'done' | 'lost' | 'given-up' | Problem> {
  for (let wait: number = REPORT_RETRY_MS.first; ; wait = Math.min(wait * 2, REPORT_RETRY_MS.longest)) {
    try {
      await action()
      return 'done'
    } catch (error) {
      if (isClaimLost(error)) return 'lost'
      if (isProblem(error) && error.status < 500) return error
      options.logger.warn({ err: error, retryInMs: wait }, `${options.what} could not be reported; trying again`)
    }
    try {
      await delay(wait, undefined, { signal: options.giveUp })
    } catch {
      return 'given-up'
    }
  }
}
