import type { TaskChange } from './change.ts'
import type { StepRow, TaskRow } from './record.ts'

/** A task as it was made, for whoever started it: what is known need not be read back. */
export interface MadeTask {
  task: TaskRow
  steps: StepRow[]
}

/** @param at - the database's time of its insert */
export function madeTask({ patches, record, sequence, state }: TaskChange, at: Date): MadeTask {
  return {
    task: { ...record.task, state, sequence, created_at: at },
    steps: [...record.steps.values()].map((step) => {
      const { job = null, state: moved = step.state } = patches.get(step.name) ?? {}
      return { ...step, state: moved, job, changed_at: at }
    }),
  }
}
