import { defaults } from '../config.ts'

/** Days after the end of a task for which its history is kept, or `forever`. */
export type KeepDays = number | 'forever'

/** By the state in which the task ended. */
export interface StateRetention {
  completed?: KeepDays
  completed_with_errors?: KeepDays
  failed?: KeepDays
  canceled?: KeepDays
}

/**
 * How long the history of tasks is kept, apart from their files: those have rules of their own, and a task whose file is
 * still there stays.
 *
 * @example
 * ```ts
 * { completed: 90, failed: 365, definitions: { 'grade-report': { completed: 'forever' } } }
 * ```
 */
export interface RetentionPolicy extends StateRetention {
  /** Where a definition has another rule. */
  definitions?: Readonly<Record<string, StateRetention>>
}

/** The policy with every default in it, as the SQL reads it. */
export function completePolicy({ definitions = {}, ...states }: RetentionPolicy = {}): Required<RetentionPolicy> {
  return { ...defaults.retentionDays, ...states, definitions }
}
