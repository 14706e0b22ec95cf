import type { Failure } from '@errand/task'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { slicesOf } from '../dispatch/dispatch.ts'
import { ClaimLost } from '../problem.ts'
import type { ClaimRef } from '../types.ts'
import { lose } from './claim-slices.ts'
import type { FanOutServices, SliceRow } from './rows.ts'

/**
 * A slice that its worker does not go on with is another's to do, from its last flush. With a failure (its thread died)
 * it counts as lost.
 *
 * @throws {ClaimLost}
 */
export async function handBack(services: FanOutServices, claim: ClaimRef, failure: Failure | null): Promise<void> {
  const { db, dispatch } = services
  const task = await db
    .selectFrom('tasks')
    .select(['definition', 'version'])
    .where('id', '=', claim.taskId)
    .executeTakeFirst()
  if (task === undefined) throw new ClaimLost('The task is gone.')
  const queue = slicesOf(task.definition, task.version)
  await dispatch.ensure(queue)
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<SliceRow>`SELECT * FROM errand.slices
      WHERE id = ${claim.slice}::uuid AND lease = ${claim.lease} AND state = 'running' FOR UPDATE`.execute(trx)
    const [slice] = rows
    if (slice === undefined) throw new ClaimLost('The slice is another worker’s by now, or its fan-out is over.')
    if (failure !== null) {
      const { code, detail, title } = failure
      await lose(trx, slice, { code, title, detail })
    }
    const job = uuidv7()
    const { care, cursor, failed, single_until, suspect } = slice
    await trx
      .updateTable('slices')
      .set({ state: 'ready', lease: null, worker: null, job, care, cursor, failed, single_until, suspect })
      .where('id', '=', slice.id)
      .execute()
    await dispatch.send(trx, queue, [{ id: job, step: { taskId: slice.task_id, step: slice.step, slice: slice.id } }])
    const [id = '', count = '0'] = claim.lease.split(':')
    await dispatch.settle(trx, queue, [{ id, retryCount: Number(count) }])
  })
  services.bus.tell({ queues: [queue] })
}
