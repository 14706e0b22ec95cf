import { sql } from 'kysely'
import { defaults } from '../config.ts'
import type { EngineStatus, QueueStatus, StuckStep } from '../types.ts'
import type { TaskServices } from './services.ts'

/** The longest list of stuck steps: enough to see what is wrong, short enough to read. */
const STUCK = 100

/** Whether work moves, and if not, which and why. Read from the record, by the database's clock. */
export async function readStatus(services: TaskServices): Promise<Omit<EngineStatus, 'database' | 'refusedSchedules'>> {
  const { db } = services
  const before = Date.now()
  const [{ rows: clock }, queues, stuck, { rows: migrations }, unpurged] = await Promise.all([
    sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db),
    readQueues(services),
    readStuck(services),
    sql<{ name: string }>`SELECT name FROM errand.kysely_migration ORDER BY name`.execute(db),
    services.artifacts.unpurged(),
  ])
  const now = clock[0]?.now ?? new Date()
  return {
    now,
    // The answer was made somewhere between asking and hearing it.
    clockSkewSeconds: (before + (Date.now() - before) / 2 - now.getTime()) / 1000,
    migrations: migrations.map(({ name }) => name),
    queues,
    stuck,
    unpurged,
  }
}

async function readQueues(services: TaskServices): Promise<QueueStatus[]> {
  const { rows } = await sql<Omit<QueueStatus, 'workers'>>`
    SELECT t.definition, t.version, count(DISTINCT t.id)::int AS open,
      count(DISTINCT t.id) FILTER (WHERE t.state = 'pending')::int AS pending,
      count(*) FILTER (WHERE s.state = 'ready')::int AS ready,
      count(*) FILTER (WHERE s.state = 'running')::int AS running,
      count(*) FILTER (WHERE s.state = 'retrying')::int AS retrying,
      coalesce(extract(epoch FROM now() - min(s.changed_at) FILTER (WHERE s.state = 'ready')), 0)::float8 AS "oldestReadySeconds"
    FROM errand.tasks t JOIN errand.steps s ON s.task_id = t.id
    WHERE t.state IN ('pending', 'running', 'canceling')
    GROUP BY t.definition, t.version ORDER BY t.definition, t.version`.execute(services.db)
  const workers = new Map(
    (await services.catalog.list()).map((view) => [`${view.name}/${view.version}`, view.workers] as const),
  )
  return rows.map((row) => ({ ...row, workers: workers.get(`${row.definition}/${row.version}`) ?? 0 }))
}

async function readStuck(services: TaskServices): Promise<StuckStep[]> {
  const served = [...(await services.catalog.served())]
  const { rows } = await sql<StuckStep>`
    SELECT s.task_id AS "taskId", s.name AS step, t.definition, t.version,
      CASE
        WHEN s.state = 'running' THEN 'no-heartbeat'
        WHEN t.definition || '/v' || t.version = ANY(${served}::text[]) THEN 'not-claimed'
        ELSE 'unserved' END AS why,
      extract(epoch FROM now() - greatest(s.changed_at, s.retry_at))::float8 AS seconds
    FROM errand.steps s JOIN errand.tasks t ON t.id = s.task_id
    LEFT JOIN errand.workers w ON w.id::text = s.worker
    WHERE s.state IN ('ready', 'running', 'retrying')
      AND greatest(s.changed_at, s.retry_at) < now() - make_interval(secs => ${defaults.stuckSeconds})
      AND (s.state <> 'running' OR w.heartbeat_at < now() - make_interval(secs => ${defaults.stuckSeconds}))
    ORDER BY seconds DESC LIMIT ${STUCK}`.execute(services.db)
  return rows
}
