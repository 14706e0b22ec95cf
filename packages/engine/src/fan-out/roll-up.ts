import { sql } from 'kysely'
import { defaults } from '../config.ts'
import type { StoredProgress } from '../database/schema.ts'
import type { FanOutServices } from './rows.ts'
import { type Pace, windowOf } from './slice-size.ts'
import { topUp } from './upkeep.ts'

/** How much the newest second counts in the rate. */
const WEIGHT = 0.3

interface Rolled {
  task_id: string
  step: string
  settled: number
  failed: number
  total: number
  sealed: boolean
  paused: boolean
  rate: number | null
}

/**
 * Sums up how far each fan-out is, once a second over all nodes: whichever comes first does it. What is read of it is the
 * step's progress, like any other. A fan-out whose first slices last longer than that learns no sooner with few in flight.
 * Whose row a flush refers to is not skipped for it: with many slices in flight there is always one.
 */
export async function rollUp(services: FanOutServices): Promise<void> {
  const { rows } = await sql<Rolled & Pace & { concurrency: number }>`
    WITH due AS (
      SELECT task_id, step FROM errand.fan_outs
      WHERE phase IN ('planning', 'running') AND rolled_at < now() - make_interval(secs => ${(defaults.rollUpInterval * 0.9) / 1_000})
      FOR NO KEY UPDATE SKIP LOCKED
    ), summed AS (
      SELECT d.task_id, d.step, coalesce(sum(s.done + s.failed), 0)::int AS settled, coalesce(sum(s.failed), 0)::int AS failed
      FROM due d LEFT JOIN errand.slices s ON s.task_id = d.task_id AND s.step = d.step GROUP BY 1, 2
    )
    UPDATE errand.fan_outs f SET rolled_at = now(), rolled_done = f.done + f.failed + x.settled,
      rate = CASE WHEN f.rate IS NULL AND f.done + f.failed + x.settled = 0 THEN NULL ELSE
        coalesce(f.rate * ${1 - WEIGHT}::float8, 0) + (CASE WHEN f.rate IS NULL THEN 1 ELSE ${WEIGHT}::float8 END)
        * greatest(0, f.done + f.failed + x.settled - f.rolled_done) / greatest(0.001, extract(epoch FROM now() - f.rolled_at)::float8) END
    FROM summed x WHERE f.task_id = x.task_id AND f.step = x.step
    RETURNING f.task_id, f.step, f.rolled_done AS settled, f.failed + x.failed AS failed, f.total, f.sealed, f.paused, f.rate, f.slice_size, f.item_ms, f.concurrency`.execute(
    services.db,
  )
  for (const row of rows) {
    await services.db
      .updateTable('steps')
      .set({ progress: JSON.stringify(progressOf(row)) })
      .where('task_id', '=', row.task_id)
      .where('name', '=', row.step)
      .where('state', '=', 'running')
      .execute()
  }
  services.bus.tell({ tasks: rows.map(({ task_id }) => task_id) })
  for (const row of rows) {
    if (windowOf(row) < row.concurrency) await topUp(services, { taskId: row.task_id, step: row.step })
  }
}

/**
 * How far it is, in numbers and in words. There is an estimate only where there is something to work it out from: all
 * items known, and some done.
 */
export function progressOf(row: Omit<Rolled, 'task_id' | 'step'>): StoredProgress {
  const { failed, paused, rate, sealed, settled, total } = row
  const words: string[] = []
  const moving = rate !== null && rate > 0 && !paused
  if (paused) words.push('paused')
  if (failed > 0) words.push(`${failed.toLocaleString('en')} failed`)
  if (moving) words.push(`${rounded(rate)} a second`)
  const secondsLeft =
    moving && sealed && total > settled ? Math.max(1, Math.round((total - settled) / rate)) : undefined
  if (secondsLeft !== undefined) words.push(`about ${duration(secondsLeft)} left`)
  return {
    done: settled,
    ...(sealed ? { total } : {}),
    ...(words.length === 0 ? {} : { message: words.join(', ') }),
    failed,
    ...(paused ? { paused } : {}),
    ...(moving ? { rate } : {}),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  }
}

/** Two digits: more would be noise. */
function rounded(rate: number): string {
  if (rate < 10) return rate.toFixed(1)
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1)
  return (Math.round(rate / unit) * unit).toLocaleString('en')
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  return `${(seconds / 3_600).toFixed(1)} h`
}
