import type { TaskChange } from './change.ts'
import type { StepRow } from './record.ts'

/** Whether the step cleans up after the others: it runs while its task is ending, and decides nothing about how. */
export function isCleanup({ kind }: Pick<StepRow, 'kind'>): boolean {
  return kind === 'on-failure' || kind === 'on-cancel'
}

/**
 * A step whose worker is gone while its task is ending has no work left to do: it ends with the task instead of
 * beginning once more.
 *
 * @returns whether it has been ended
 */
export function endWithTask(change: TaskChange, step: StepRow): boolean {
  if (!change.ending || isCleanup(step)) return false
  change.moveStep(step.name, 'canceled', 'errand', 'the task is ending', { lease: null, worker: null })
  change.follow()
  return true
}
