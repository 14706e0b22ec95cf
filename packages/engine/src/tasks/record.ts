import type { DefinitionShape, StepShape } from '@errand/task'
import { type Selectable, sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'

export type TaskRow = Selectable<Tables['tasks']>
export type StepRow = Selectable<Tables['steps']>

/** A task as it stands, locked by the transaction that loaded it. */
export interface TaskRecord {
  task: TaskRow
  steps: Map<string, StepRow>
  shape: DefinitionShape
}

/** A step of which nothing has happened. The times are the database's; nothing before the insert looks at them. */
export function newStep(taskId: string, { kind, name }: Pick<StepShape, 'kind' | 'name'>, ordinal: number): StepRow {
  return {
    task_id: taskId,
    name,
    ordinal,
    kind,
    state: 'pending',
    attempt: 0,
    losses: 0,
    otherwise: false,
    lease: null,
    worker: null,
    job: null,
    progress: null,
    result: null,
    checkpoint: null,
    once: {},
    log_lines: 0,
    failure: null,
    retry_at: null,
    changed_at: new Date(0),
    started_at: null,
    finished_at: null,
  }
}

/**
 * Loads the tasks and locks them, always in the order of their ids, so that two transactions over the same tasks wait
 * for each other instead of dead-locking.
 */
export async function lockTasks(
  trx: Transaction<Tables>,
  ids: Iterable<string>,
  shapeOf: (name: string, version: number) => Promise<DefinitionShape>,
): Promise<Map<string, TaskRecord>> {
  const wanted = [...new Set(ids)]
  const records = new Map<string, TaskRecord>()
  if (wanted.length === 0) return records
  const tasks = await trx
    .selectFrom('tasks')
    .selectAll()
    .where(sql<boolean>`id = ANY(${wanted}::uuid[])`)
    .orderBy('id')
    .forUpdate()
    .execute()
  for (const task of tasks) {
    records.set(task.id, { task, steps: new Map(), shape: await shapeOf(task.definition, task.version) })
  }
  // Only now: under the lock, nobody else changes them.
  const steps = await trx
    .selectFrom('steps')
    .selectAll()
    .where(sql<boolean>`task_id = ANY(${wanted}::uuid[])`)
    .orderBy('ordinal')
    .execute()
  for (const step of steps) records.get(step.task_id)?.steps.set(step.name, step)
  return records
}
