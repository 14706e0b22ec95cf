import type { DefinitionShape } from '@errand/task'
import { Problem } from '../problem.ts'

/** The key has been used, and for something else. */
export function keyReused(task: string): Problem {
  return new Problem({
    code: 'idempotency-key-reused',
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    detail: `It belongs to the task ${task}.`,
    hint: 'Use a new key for a new request.',
    extensions: { task },
  })
}

/**
 * One at a time, and one is running.
 *
 * @param running - `undefined` when it ended between the insert and the look: the caller's next try will go through
 */
export function alreadyRunning(
  shape: DefinitionShape,
  running: { id: string; owner_name: string } | undefined,
): Problem {
  return new Problem({
    code: 'task-running',
    status: 409,
    title: `${shape.title} is running already`,
    detail:
      running === undefined
        ? 'It was running a moment ago.'
        : `One at a time: the task ${running.id}, started by ${running.owner_name}, is not over.`,
    hint: running === undefined ? 'Try again.' : 'Open that task, wait for it, or cancel it.',
    extensions: running === undefined ? {} : { task: running.id },
  })
}
