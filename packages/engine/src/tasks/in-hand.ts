import { sql } from 'kysely'
import type { Principal, WorkerView, WorkInHand } from '../types.ts'
import type { TaskServices } from './services.ts'

interface InHandRow extends Omit<WorkInHand, 'stepTitle'> {
  worker: string
}

/** The workers that were heard of lately, and what each has in hand; which that is, for those who may see all tasks. */
export async function readWorkers(services: TaskServices, who: Principal): Promise<WorkerView[]> {
  const [workers, rows, sight] = await Promise.all([
    services.catalog.workers(),
    readInHand(services),
    services.access.sight(who),
  ])
  const held = Map.groupBy(rows, ({ worker }) => worker)
  return Promise.all(
    workers.map(async (worker) => {
      const own = held.get(worker.id) ?? []
      return {
        ...worker,
        running: own.reduce((sum, { slices }) => sum + (slices ?? 1), 0),
        inHand: sight === 'all' ? await Promise.all(own.map((row) => titled(services, row))) : null,
      }
    }),
  )
}

/**
 * Read once for all workers: what runs is found by an index of what is not over, and there are no more slices than are
 * in flight. Slices of one step that a worker has are one row.
 */
async function readInHand({ db }: TaskServices): Promise<InHandRow[]> {
  const { rows } = await sql<InHandRow>`
    SELECT h.worker, h.task_id AS "taskId", t.title, t.definition, t.version, h.step, h.slices,
      coalesce(s.started_at, s.changed_at) AS "startedAt"
    FROM (
      SELECT worker, task_id, name AS step, NULL::int AS slices FROM errand.steps
      WHERE state = 'running' AND worker IS NOT NULL
      UNION ALL
      SELECT worker::text, task_id, step, count(*)::int FROM errand.slices
      WHERE state = 'running' AND worker IS NOT NULL GROUP BY worker, task_id, step
    ) h
    JOIN errand.steps s ON s.task_id = h.task_id AND s.name = h.step
    JOIN errand.tasks t ON t.id = h.task_id
    ORDER BY "startedAt", h.task_id, h.step`.execute(db)
  return rows
}

async function titled({ catalog, db }: TaskServices, { worker: _worker, ...row }: InHandRow): Promise<WorkInHand> {
  const { steps } = await catalog.shape(db, row.definition, row.version)
  return { ...row, stepTitle: steps.find(({ name }) => name === row.step)?.title ?? row.step }
}
