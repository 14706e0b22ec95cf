import type { Failure } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { declaredIn, type FanOutRef, type FanOutServices, lockFanOut } from './rows.ts'

/**
 * Whether every item has its outcome, told once: to the one whose update wins. What decides is what is not there (a slice
 * in flight, a page that is not cut), never a comparison of counters.
 */
export async function winFinish(trx: Transaction<Tables>, { step, taskId }: FanOutRef): Promise<boolean> {
  const { rows } = await sql`
    UPDATE errand.fan_outs f SET phase = 'finishing'
    WHERE f.task_id = ${taskId}::uuid AND f.step = ${step} AND f.phase = 'running'
      AND (f.failure IS NOT NULL OR (f.sealed AND f.cut_page >= f.pages))
      AND NOT EXISTS (SELECT 1 FROM errand.slices s WHERE s.task_id = f.task_id AND s.step = f.step)
    RETURNING 1`.execute(trx)
  return rows.length > 0
}

/**
 * Ends the work on the items when more have failed than may: what is in flight finds its claim lost.
 *
 * @returns whether it has
 */
export function endIfTooManyFailed(services: FanOutServices, ref: FanOutRef): Promise<boolean> {
  return services.db.transaction().execute((trx) => endWithin(trx, services, ref))
}

/** The same within a transaction that decides more: so a step is never taken for one that went well while too many failed. */
export async function endWithin(
  trx: Transaction<Tables>,
  services: Pick<FanOutServices, 'catalog'>,
  ref: FanOutRef,
): Promise<boolean> {
  const row = await lockFanOut(trx, ref)
  if (row === undefined || row.failure !== null || row.phase === 'finishing' || row.phase === 'done') return false
  const shape = await services.catalog.shape(trx, row.definition, row.version)
  const { rows } = await sql<{ done: number; failed: number }>`
    SELECT coalesce(sum(done), 0)::int AS done, coalesce(sum(failed), 0)::int AS failed FROM errand.slices
    WHERE task_id = ${row.task_id}::uuid AND step = ${row.step}`.execute(trx)
  const open = rows[0] ?? { done: 0, failed: 0 }
  const failed = row.failed + open.failed
  const may = tolerated(declaredIn(shape, ref.step).tolerate ?? 0, row)
  if (failed <= may) return false
  await trx
    .updateTable('fan_outs')
    .set({ failure: JSON.stringify(tooManyFailed(ref, failed, may)), done: row.done + open.done, failed })
    .where('task_id', '=', row.task_id)
    .where('step', '=', row.step)
    .execute()
  await sql`DELETE FROM errand.slices WHERE id IN (
    SELECT id FROM errand.slices WHERE task_id = ${row.task_id}::uuid AND step = ${row.step} ORDER BY id FOR UPDATE)`.execute(
    trx,
  )
  return true
}

/**
 * A share is of all items, so it says nothing before they are all known. Of items that have failed before any number may again:
 * the others were done elsewhere, and what was mended must not be lost with what was not.
 */
function tolerated(
  tolerate: number,
  { again, sealed, total }: { again: boolean; sealed: boolean; total: number },
): number {
  if (again) return Number.POSITIVE_INFINITY
  if (tolerate === 0 || tolerate >= 1) return tolerate
  return sealed ? Math.floor(tolerate * total) : Number.POSITIVE_INFINITY
}

function tooManyFailed({ step, taskId }: FanOutRef, failed: number, may: number): Failure {
  return {
    code: TOO_MANY_FAILED,
    title: 'Too many items failed',
    detail: `${failed} of the items of "${step}" failed; ${may === 0 ? 'none' : `no more than ${may}`} may.`,
    hint: 'The list of errors says which and why. Once that is mended, run the task again: others were not tried.',
    retryable: false,
    step,
    reference: taskId.slice(-12),
  }
}

/** The code of a step that fails because of its items: what it lists of them stays. */
export const TOO_MANY_FAILED = 'too-many-items-failed'
