import { sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { type Dispatch, slicesOf } from '../dispatch/dispatch.ts'
import type { FanOutRow } from './rows.ts'
import { windowOf } from './slice-size.ts'

/**
 * Cuts slices from the pages, as many as may be in flight, and sends their wake-ups. A slice lies in one page. Tasks of one
 * scope share the window among them, so that ten of one course get no more of the workers than one of another. Whoever
 * asks holds the fan-out's lock, has made the queue known, and saves the row, which says where the next one begins.
 *
 * @param window - how many may be in flight
 * @returns how many
 */
export async function cutSlices(
  trx: Transaction<Tables>,
  dispatch: Dispatch,
  row: FanOutRow,
  window = windowOf(row),
): Promise<number> {
  if (row.paused || row.failure !== null || row.phase === 'done' || row.cut_page >= row.pages) return 0
  const { rows: pages } = await sql<{ page: number; size: number; room: number }>`
    WITH shared AS (
      SELECT greatest(1, count(*)) AS among FROM errand.fan_outs f JOIN errand.tasks t ON t.id = f.task_id
      WHERE f.phase <> 'done' AND NOT f.paused AND f.failure IS NULL AND (f.cut_page < f.pages OR NOT f.sealed)
        AND t.scope = ${row.scope} AND t.scope <> '' AND t.definition = ${row.definition} AND t.version = ${row.version}
    ), free AS (
      SELECT greatest(0, ceil(${window}::float8 / shared.among)::int - (
        SELECT count(*) FROM errand.slices WHERE task_id = ${row.task_id}::uuid AND step = ${row.step}
      ))::int AS room FROM shared
    )
    SELECT p.page, p.size, free.room FROM errand.item_pages p, free
    WHERE p.task_id = ${row.task_id}::uuid AND p.step = ${row.step} AND p.page >= ${row.cut_page}
    ORDER BY p.page LIMIT (SELECT room FROM free)`.execute(trx)
  const room = pages[0]?.room ?? 0
  const slices: { id: string; page: number; cursor: number; upto: number; job: string }[] = []
  for (const { page, size } of pages) {
    while (slices.length < room && row.cut_page === page) {
      const upto = Math.min(size, row.cut_at + row.slice_size)
      slices.push({ id: uuidv7(), page, cursor: row.cut_at, upto, job: uuidv7() })
      row.cut_at = upto === size ? 0 : upto
      if (upto === size) row.cut_page++
    }
  }
  if (slices.length === 0) return 0
  await sql`
    INSERT INTO errand.slices (id, task_id, step, page, cursor, upto, job)
    SELECT id, ${row.task_id}::uuid, ${row.step}, page, cursor, upto, job
    FROM jsonb_to_recordset(${jsonText(slices)}::jsonb) AS x (id uuid, page int, cursor int, upto int, job uuid)`.execute(
    trx,
  )
  await dispatch.send(
    trx,
    slicesOf(row.definition, row.version),
    slices.map(({ id, job }) => ({ id: job, step: { taskId: row.task_id, step: row.step, slice: id } })),
  )
  return slices.length
}
