import { sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import type { Dispatch } from '../dispatch/dispatch.ts'

/** Gives slices, which the caller has locked, new wake-ups in a queue. Whoever comes with a former one finds it stale. */
export async function sendAnew(
  trx: Transaction<Tables>,
  dispatch: Dispatch,
  queue: string,
  taskId: string,
  slices: readonly { id: string; step: string }[],
): Promise<void> {
  if (slices.length === 0) return
  const sent = slices.map(({ id, step }) => ({ id, step, job: uuidv7() }))
  await sql`
    UPDATE errand.slices s SET job = x.job, changed_at = now()
    FROM jsonb_to_recordset(${jsonText(sent)}::jsonb) AS x (id uuid, job uuid) WHERE s.id = x.id`.execute(trx)
  await dispatch.send(
    trx,
    queue,
    sent.map(({ id, job, step }) => ({ id: job, step: { taskId, step, slice: id } })),
  )
}
