import { sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Db } from '../database/open.ts'
import type { EndedTasks, EngineMeasures, Spread } from '../types.ts'

type Counted = Pick<EngineMeasures, 'open' | 'slices' | 'ended' | 'failures'>

/**
 * How many tasks and slices stand where, and what became of those that ended lately. All of it is of the record, so that
 * every server says the same and none forgets; what ended is walked along an index, and no further back than the window.
 */
export async function readMeasures(db: Db): Promise<Counted> {
  const since = sql`now() - make_interval(secs => ${defaults.measureWindow})`
  /** What ended in the window in one state, of each definition that there is. */
  const ended = (state: unknown) => sql`
    (SELECT DISTINCT name FROM errand.definitions) d CROSS JOIN ${state} AS s (state) JOIN errand.tasks t
      ON t.definition = d.name AND t.state = s.state AND t.finished_at > ${since}`
  const [open, slices, over, failures] = await Promise.all([
    sql<EngineMeasures['open'][number]>`
      SELECT definition, version, state, count(*)::int AS count FROM errand.tasks
      WHERE state IN ('pending', 'running', 'canceling') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db),
    sql<EngineMeasures['slices'][number]>`
      SELECT t.definition, t.version, s.state, count(*)::int AS count
      FROM errand.slices s JOIN errand.tasks t ON t.id = s.task_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db),
    sql<Omit<EndedTasks, 'wait' | 'run'> & { wait: Quantiles; run: Quantiles }>`
      SELECT t.definition, t.version, t.state, count(*)::int AS count,
        ${quantiles(sql`t.started_at - t.created_at`)} AS wait, ${quantiles(sql`t.finished_at - t.started_at`)} AS run
      FROM ${ended(sql`(VALUES ('completed'), ('completed_with_errors'), ('failed'), ('canceled'))`)}
      GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db),
    sql<EngineMeasures['failures'][number]>`
      SELECT t.definition, t.version, t.failure->>'code' AS code, count(*)::int AS count
      FROM ${ended(sql`(VALUES ('failed'))`)} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`.execute(db),
  ])
  return {
    open: open.rows,
    slices: slices.rows,
    ended: over.rows.map((row) => ({ ...row, wait: spread(row.wait), run: spread(row.run) })),
    failures: failures.rows,
  }
}

/** `null` where nothing of it began. */
type Quantiles = [median: number, p95: number, longest: number] | null

function quantiles(duration: ReturnType<typeof sql>) {
  return sql`percentile_cont(ARRAY[0.5, 0.95, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM ${duration})::float8)`
}

function spread(quantiles: Quantiles): Spread | null {
  if (quantiles === null) return null
  const [median, p95, longest] = quantiles
  return { median, p95, longest }
}
