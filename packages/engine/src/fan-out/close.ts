import { sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import type { FanOutRef } from './rows.ts'

/**
 * Steps that fan out have ended: what is left of their slices goes. At most as many rows as were in flight, however many
 * items there are; whoever holds one finds its claim lost.
 */
export async function closeFanOuts(trx: Transaction<Tables>, ended: readonly FanOutRef[]): Promise<void> {
  if (ended.length === 0) return
  const names = sql`jsonb_to_recordset(${JSON.stringify(ended)}::jsonb) AS x ("taskId" uuid, step text)`
  await sql`
    UPDATE errand.fan_outs f SET phase = 'done', done_at = now() FROM ${names}
    WHERE f.task_id = x."taskId" AND f.step = x.step AND f.phase <> 'done'`.execute(trx)
  // In the order in which claims lock them.
  await sql`
    DELETE FROM errand.slices WHERE id IN (
      SELECT s.id FROM errand.slices s JOIN ${names} ON s.task_id = x."taskId" AND s.step = x.step
      ORDER BY s.id FOR UPDATE OF s)`.execute(trx)
}
