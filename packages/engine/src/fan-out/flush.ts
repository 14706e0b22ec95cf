import { sql, type Transaction } from 'kysely'
import { defaults } from '../config.ts'
import { jsonText, storable } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { slicesOf } from '../dispatch/dispatch.ts'
import { ClaimLost } from '../problem.ts'
import type { Claim, SliceFlush } from '../types.ts'
import { cutSlices } from './cut.ts'
import { type FanOutServices, lockFanOut, saveFanOut } from './rows.ts'
import { nextPace } from './slice-size.ts'

/** What a flush may have led to, for whoever looks further. */
export interface Flushed {
  /** The slice was the last in flight, so the fan-out may be through. */
  last: boolean
  /** Items have failed, perhaps too many. */
  failed: boolean
}

/**
 * Records what became of a slice's next items: cursor, counts, failures and what was appended in ONE transaction. The
 * bytes are stored before it; what is stored and not recorded is in no output, and is done again.
 *
 * Safe to repeat with the same claim and flush. With the last flush the slice is over, and others are cut in its place.
 *
 * @throws {ClaimLost}
 */
export async function flushSlice(services: FanOutServices, claim: Claim, flush: SliceFlush): Promise<Flushed> {
  const queue = slicesOf(claim.definition, claim.version)
  if (claim.fanOut?.phase !== 'slice') throw new ClaimLost('This is not the claim of a slice.')
  const { page } = claim.fanOut
  const segments: { slot: string; storage: string; key: string; size: number }[] = []
  for (const [slot, bytes] of Object.entries(flush.appended)) {
    const place = { page, item: flush.from, lease: claim.lease }
    segments.push({ slot, size: bytes.length, ...(await services.segments.write(claim, slot, place, bytes)) })
  }
  const { over } = flush
  const done = await services.db.transaction().execute(async (trx) => {
    const row = over === undefined ? undefined : await lockFanOut(trx, claim)
    const counts = await moveCursor(trx, claim, flush)
    // The connection broke after an earlier try had been committed.
    if (counts === 'already') return { last: false, sent: 0, new: false }
    await record(trx, claim, flush, page, segments)
    if (over === undefined) return { last: false, sent: 0, new: true }
    if (row === undefined) throw new ClaimLost('The fan-out is over.')
    Object.assign(row, nextPace(row, over), { done: row.done + counts.done, failed: row.failed + counts.failed })
    const [id = '', count = '0'] = claim.lease.split(':')
    await services.dispatch.settle(trx, queue, [{ id, retryCount: Number(count) }])
    const sent = await cutSlices(trx, services.dispatch, row)
    await saveFanOut(trx, row)
    return { last: counts.alone && sent === 0 && row.cut_page >= row.pages, sent, new: true }
  })
  if (done.new && flush.lines.length > 0) await writeLines(services, claim, flush.lines)
  if (done.sent > 0) services.bus.tell({ queues: [queue] })
  if (flush.lines.length > 0) services.bus.tell({ tasks: [claim.taskId] })
  return { last: done.last, failed: flush.failures.length > 0 }
}

interface Counts {
  done: number
  failed: number
  /** No other slice is in flight. True of one alone, as whoever ends a slice holds the fan-out's lock. */
  alone: boolean
}

/** With the last flush the slice is over, and goes. */
async function moveCursor(
  trx: Transaction<Tables>,
  { lease, slice }: Claim,
  { failures, from, over, to }: SliceFlush,
): Promise<Counts | 'already'> {
  const done = to - from - failures.length
  const own = sql`id = ${slice}::uuid AND lease = ${lease} AND state = 'running' AND cursor = ${from}`
  const { rows } =
    over === undefined
      ? await sql<Counts>`
          UPDATE errand.slices SET cursor = ${to}, done = done + ${done}, failed = failed + ${failures.length}, changed_at = now()
          WHERE ${own} RETURNING done, failed, false AS alone`.execute(trx)
      : await sql<Counts>`
          DELETE FROM errand.slices AS s WHERE ${own}
          RETURNING done + ${done}::int AS done, failed + ${failures.length}::int AS failed, NOT EXISTS (
            SELECT FROM errand.slices o WHERE o.task_id = s.task_id AND o.step = s.step AND o.id <> s.id) AS alone`.execute(
          trx,
        )
  const [counts] = rows
  if (counts !== undefined) return counts
  const { rows: same } = await sql`SELECT 1 FROM errand.slices
    WHERE id = ${slice}::uuid AND lease = ${lease} AND state = 'running' AND cursor = ${to}`.execute(trx)
  if (same.length > 0) return 'already'
  throw new ClaimLost('The slice is another worker’s by now, or its fan-out is over.')
}

async function record(
  trx: Transaction<Tables>,
  claim: Claim,
  flush: SliceFlush,
  page: number,
  segments: readonly { slot: string; storage: string; key: string; size: number }[],
): Promise<void> {
  const place = { task_id: claim.taskId, step: claim.step, page, item: flush.from }
  if (segments.length > 0) {
    await trx
      .insertInto('segments')
      .values(segments.map((segment) => ({ ...place, ...segment })))
      .execute()
  }
  if (flush.failures.length > 0) {
    await trx
      .insertInto('item_failures')
      .values({ ...place, failures: jsonText(flush.failures) })
      .execute()
  }
}

/**
 * After the transaction: it counts on the step's row, whose lock comes before those that a flush holds. A crash in between
 * costs some lines of the log, and nothing else.
 */
async function writeLines({ db }: FanOutServices, claim: Claim, said: readonly string[]): Promise<void> {
  const lines = said.map((line) => storable(line.slice(0, defaults.logLineLimit)))
  await sql`
    WITH counted AS (
      UPDATE errand.steps SET log_lines = log_lines + ${lines.length}
      WHERE task_id = ${claim.taskId}::uuid AND name = ${claim.step} AND log_lines < ${defaults.logLines}
      RETURNING ${defaults.logLines} - (log_lines - ${lines.length}) AS room
    )
    INSERT INTO errand.logs (task_id, step, message)
    SELECT ${claim.taskId}::uuid, ${claim.step}, line || CASE nth WHEN room THEN ${defaults.logFull} ELSE '' END
    FROM counted, jsonb_array_elements_text(${jsonText(lines)}::jsonb) WITH ORDINALITY AS l (line, nth) WHERE nth <= room
    ORDER BY nth`.execute(db)
}
