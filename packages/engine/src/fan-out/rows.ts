import type { DefinitionShape, Failure, TaskState } from '@errand/task'
import { type Selectable, sql, type Transaction } from 'kysely'
import type { Artifacts } from '../artifacts/artifacts.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'
import type { Dispatch } from '../dispatch/dispatch.ts'
import type { Bus } from '../events/bus.ts'
import type { Uploads } from '../uploads/uploads.ts'
import type { Segments } from './segments.ts'

/** The rooms that this one stands on. */
export interface FanOutServices {
  db: Db
  dispatch: Dispatch
  catalog: Catalog
  bus: Bus
  artifacts: Artifacts
  uploads: Uploads
  segments: Segments
}

export type SliceRow = Selectable<Tables['slices']>

/** A fan-out as it stands, with what of its task matters to it. */
export interface FanOutRow extends Selectable<Tables['fan_outs']> {
  definition: string
  version: number
  scope: string
  task_state: TaskState
  task_failure: Failure | null
  /** It runs what failed in another. */
  again: boolean
}

/** Names a fan-out. */
export interface FanOutRef {
  taskId: string
  step: string
}

/**
 * Loads it and locks it, always before its slices, so that two who change it wait for each other instead of
 * dead-locking. Taken once a slice, never for a flush: what a flush inserts refers to this row, and need not wait.
 */
export async function lockFanOut(
  trx: Transaction<Tables>,
  { step, taskId }: FanOutRef,
): Promise<FanOutRow | undefined> {
  const { rows } = await sql<FanOutRow>`
    SELECT f.*, t.definition, t.version, t.scope, t.state AS task_state,
      t.failure AS task_failure, coalesce((t.origin ->> 'failedItems')::boolean, false) AS again
    FROM errand.fan_outs f JOIN errand.tasks t ON t.id = f.task_id
    WHERE f.task_id = ${taskId}::uuid AND f.step = ${step} FOR NO KEY UPDATE OF f`.execute(trx)
  return rows[0]
}

/**
 * Writes back what whoever holds the lock has changed, once in a transaction: PostgreSQL checks the reference to the step
 * anew when a row is written a second time, and that would wait for whoever holds the step and waits for this lock.
 */
export async function saveFanOut(trx: Transaction<Tables>, row: FanOutRow): Promise<void> {
  const { cursor, cut_at, cut_page, done, failed, item_ms, pages, sealed, slice_size, total, traceparent } = row
  await trx
    .updateTable('fan_outs')
    .set({ cursor, cut_at, cut_page, done, failed, item_ms, pages, sealed, slice_size, total, traceparent })
    .where('task_id', '=', row.task_id)
    .where('step', '=', row.step)
    .execute()
}

/** The step of a shape that fans out. */
export function declaredIn(shape: DefinitionShape, step: string): DefinitionShape['steps'][number] {
  const declared = shape.steps.find(({ name }) => name === step)
  if (declared === undefined) throw new Error(`${shape.name} v${shape.version} has no step ${step}.`)
  return declared
}

/** The steps that are over before a step begins. */
export function stepsBefore(shape: DefinitionShape, step: string): string[] {
  const found = new Set<string>()
  const look = (name: string) => {
    for (const before of declaredIn(shape, name).after) {
      if (found.has(before)) continue
      found.add(before)
      look(before)
    }
  }
  look(step)
  return [...found]
}
