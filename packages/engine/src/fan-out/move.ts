import type { DefinitionShape } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { type Dispatch, slicesOf } from '../dispatch/dispatch.ts'
import { sendAnew } from './send-anew.ts'

/**
 * Why the version cannot go on with a task's fan-outs where they stand, in words for whoever wrote it; undefined when it can.
 * What was planned and appended by the version before stays: the newer one must have a place for it.
 *
 * @param done - steps that are completed
 */
export async function fanOutObstacle(
  trx: Transaction<Tables>,
  taskId: string,
  shape: DefinitionShape,
  done: ReadonlySet<string>,
): Promise<string | undefined> {
  const { rows } = await sql<{ step: string; slots: string[] }>`
    SELECT f.step, array(SELECT DISTINCT slot FROM errand.segments g WHERE g.task_id = f.task_id AND g.step = f.step) AS slots
    FROM errand.fan_outs f WHERE f.task_id = ${taskId}::uuid AND f.phase <> 'done' ORDER BY f.step`.execute(trx)
  for (const { step, slots } of rows) {
    const declared = shape.steps.find(({ name }) => name === step)
    if (declared?.kind !== 'fan-out') {
      return `The step ${step} is in the middle of its items, and v${shape.version} has no step with items of that name.`
    }
    const before = declared.after.find((name) => !done.has(name))
    if (before !== undefined) {
      return `The step ${step} is in the middle of its items, and v${shape.version} has the step ${before} before it.`
    }
    const slot = slots.find((name) => shape.artifacts[name] === undefined)
    if (slot !== undefined) {
      return `The items of ${step} have written to ${slot}, and v${shape.version} has no such artifact.`
    }
  }
  return undefined
}

/**
 * Hands the slices of a task over to the newer version: each goes on behind its last flush. Whoever held one finds its
 * claim lost as soon as another has it.
 *
 * @returns whether there were any
 */
export async function moveSlices(
  trx: Transaction<Tables>,
  dispatch: Dispatch,
  { from, definition, taskId, to }: { taskId: string; definition: string; from: number; to: number },
): Promise<boolean> {
  // Fan-outs before slices, and slices in the order of their ids, as all lock them.
  await sql`SELECT FROM errand.fan_outs WHERE task_id = ${taskId}::uuid ORDER BY step FOR NO KEY UPDATE`.execute(trx)
  const { rows } = await sql<{ id: string; step: string; job: string }>`
    SELECT id, step, job FROM errand.slices WHERE task_id = ${taskId}::uuid ORDER BY id FOR UPDATE`.execute(trx)
  if (rows.length === 0) return false
  await sendAnew(trx, dispatch, slicesOf(definition, to), taskId, rows)
  await dispatch.remove(
    trx,
    slicesOf(definition, from),
    rows.map(({ job }) => job),
  )
  return true
}
