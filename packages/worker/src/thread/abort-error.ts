import type { AbortReason } from '../calls.ts'

const MESSAGES: Readonly<Record<AbortReason, string>> = {
  canceled: 'The task is being canceled.',
  'step-timed-out': 'The step has taken longer than its timeout.',
  'claim-lost': 'This attempt is no longer the current one.',
  'worker-stopping': 'The worker is stopping; the step goes on elsewhere from its checkpoint.',
}

/** The `reason` of a step's signal: an `AbortError` as others throw it, with a `code` that says why. */
export function abortError(code: AbortReason): Error & { code: AbortReason } {
  const error = Object.assign(new Error(MESSAGES[code]), { code })
  error.name = 'AbortError'
  return error
}
