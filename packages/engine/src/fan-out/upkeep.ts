import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import { slicesOf } from '../dispatch/dispatch.ts'
import { withoutWake } from '../dispatch/without-wake.ts'
import { cutSlices } from './cut.ts'
import { type FanOutRef, type FanOutServices, lockFanOut, saveFanOut } from './rows.ts'
import { sendAnew } from './send-anew.ts'

/**
 * Cuts what can be cut. It is done with each slice that ends; this is for a fan-out that was resumed, may have more in
 * flight than before, has lost a wake-up with somebody's hand in the tables, or whose first slices take their time: so many
 * as may be are in flight then, whatever is known of the items.
 */
export async function topUp(services: FanOutServices, ref: FanOutRef): Promise<void> {
  const task = await services.db
    .selectFrom('tasks')
    .select(['definition', 'version'])
    .where('id', '=', ref.taskId)
    .executeTakeFirst()
  if (task === undefined) return
  const queue = slicesOf(task.definition, task.version)
  await services.dispatch.ensure(queue)
  const sent = await services.db.transaction().execute(async (trx) => {
    const row = await lockFanOut(trx, ref)
    if (row === undefined) return 0
    const sent = await cutSlices(trx, services.dispatch, row, row.concurrency)
    if (sent > 0) await saveFanOut(trx, row)
    return sent
  })
  if (sent > 0) services.bus.tell({ queues: [queue] })
}

/**
 * A fan-out goes on after a pause: whoever came for one of its slices meanwhile has left it where it was, without a wake-up.
 */
export async function wakeSlices(services: FanOutServices, ref: FanOutRef): Promise<void> {
  const queue = await services.db.transaction().execute(async (trx) => {
    const row = await lockFanOut(trx, ref)
    if (row === undefined || row.paused) return undefined
    const { rows } = await sql<{ id: string; step: string }>`SELECT id, step FROM errand.slices
      WHERE task_id = ${ref.taskId}::uuid AND step = ${ref.step} AND state = 'ready' ORDER BY id FOR UPDATE`.execute(
      trx,
    )
    const queue = slicesOf(row.definition, row.version)
    await sendAnew(trx, services.dispatch, queue, ref.taskId, rows)
    return queue
  })
  if (queue !== undefined) services.bus.tell({ queues: [queue] })
}

/** Those that are not over. */
export async function openFanOuts({ db }: FanOutServices): Promise<FanOutRef[]> {
  const rows = await db.selectFrom('fan_outs').select(['task_id', 'step']).where('phase', '<>', 'done').execute()
  return rows.map(({ step, task_id }) => ({ taskId: task_id, step }))
}

/** Sends slices again whose wake-up is gone, but where it is to be gone for now. @returns how many */
export async function resendSlices(services: FanOutServices): Promise<number> {
  const { rows } = await sql<{ id: string; task_id: string; step: string; job: string; queue: string }>`
    SELECT s.id, s.task_id, s.step, s.job, t.definition || '/v' || t.version || '/slices' AS queue
    FROM errand.slices s JOIN errand.tasks t ON t.id = s.task_id
    JOIN errand.fan_outs f ON f.task_id = s.task_id AND f.step = s.step
    WHERE NOT f.paused AND s.changed_at < now() - make_interval(secs => ${defaults.reconcileAfterSeconds})
    ORDER BY s.changed_at LIMIT ${defaults.reconcilePage}`.execute(services.db)
  let sent = 0
  for (const { id, job, queue, step, task_id } of await withoutWake(services.dispatch, rows)) {
    const next = uuidv7()
    sent += await services.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('slices')
        .set({ job: next, changed_at: sql`now()` })
        .where('id', '=', id)
        .where('job', '=', job)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return 0
      await services.dispatch.send(trx, queue, [{ id: next, step: { taskId: task_id, step, slice: id } }])
      return 1
    })
    services.bus.tell({ queues: [queue] })
  }
  return sent
}

/** Removes the segments of what has been over for some time, orphans with them. @returns how many fan-outs it dealt with */
export async function sweepSegments(
  services: FanOutServices,
  seconds: number = defaults.segmentSeconds,
): Promise<number> {
  const { rows } = await sql<{ taskId: string; step: string; definition: string; scope: string }>`
    SELECT f.task_id AS "taskId", f.step, t.definition, t.scope
    FROM errand.fan_outs f JOIN errand.tasks t ON t.id = f.task_id
    WHERE f.phase = 'done' AND f.swept_at IS NULL AND f.done_at <= now() - make_interval(secs => ${seconds})
    ORDER BY f.done_at LIMIT 20`.execute(services.db)
  for (const owner of rows) {
    await services.segments.removeAll(owner)
    const { step, taskId } = owner
    // The failed items stay, as they may be run again; where each began and what it appended is of no more use.
    for (const table of ['segments', 'item_pages'] as const) {
      await services.db.deleteFrom(table).where('task_id', '=', taskId).where('step', '=', step).execute()
    }
    await services.db
      .updateTable('fan_outs')
      .set({ swept_at: sql`now()` })
      .where('task_id', '=', taskId)
      .where('step', '=', step)
      .execute()
  }
  return rows.length
}
