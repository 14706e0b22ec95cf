import type { DefinitionShape } from '@errand/task'
import { sql } from 'kysely'
import { defaults } from '../config.ts'
import { debugPoint } from '../debug-point.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import type { VersionMove } from '../types.ts'
import type { TaskServices } from './services.ts'

/**
 * Takes open tasks of versions that this one resumes and nobody serves, for a worker to make them fit: the first of two
 * moves, as the code that does so is the author's and no transaction is held while it runs. It only marks the task with a
 * lease. Until {@link finishMove} the task is its old version's, and goes on with it if a worker of that one comes back.
 *
 * Only between two steps, and between two slices of a fan-out: a task of which a live worker has a step or a slice in hand
 * is left alone.
 */
export async function claimMoves(
  services: TaskServices,
  shape: DefinitionShape,
  limit: number,
): Promise<VersionMove[]> {
  const { catalog, db } = services
  const { name, resumes = [], version } = shape
  if (resumes.length === 0) return []
  const served = await catalog.served()
  const left = resumes.filter((older) => !served.has(queueOf(name, older)))
  if (left.length === 0) return []
  const live = await catalog.liveWorkers(db)
  const { rows } = await sql<VersionMove>`
    WITH chosen AS (
      SELECT t.id FROM errand.tasks t
      WHERE t.definition = ${name} AND t.version = ANY(${left}::int[]) AND t.state IN ('pending', 'running', 'canceling')
        -- One that waits for another task of its kind is taken over when its turn has come.
        AND t.waits_key IS NULL
        AND (t.move_until IS NULL OR t.move_until < now())
        -- What this version could not take over waits for its own, or for another that can.
        AND (t.move_failure IS NULL OR (t.move_failure->>'version')::int <> ${version})
        AND NOT EXISTS (SELECT 1 FROM errand.steps s
          WHERE s.task_id = t.id AND s.state = 'running' AND s.worker = ANY(${live}::text[]))
        AND NOT EXISTS (SELECT 1 FROM errand.slices c
          WHERE c.task_id = t.id AND c.state = 'running' AND c.worker::text = ANY(${live}::text[]))
        AND EXISTS (SELECT 1 FROM errand.definitions d
          WHERE d.name = t.definition AND d.version = ${version} AND d.retired_at IS NULL)
      ORDER BY t.id LIMIT ${limit} FOR UPDATE OF t SKIP LOCKED
    ), marked AS (
      UPDATE errand.tasks t SET move_lease = gen_random_uuid(), move_until = now() + make_interval(secs => ${defaults.moveSeconds})
      FROM chosen WHERE t.id = chosen.id
      RETURNING t.id, t.definition, t.version, t.move_lease, t.sequence, t.input
    )
    SELECT m.id AS "taskId", m.move_lease AS lease, m.definition, m.version AS "from", ${version}::int AS "to", m.sequence,
      m.input, coalesce((SELECT jsonb_object_agg(s.name, s.result) FROM errand.steps s
        WHERE s.task_id = m.id AND s.state = 'completed'), '{}') AS results
    FROM marked m ORDER BY m.id`.execute(db)
  if (rows.length > 0) await debugPoint('after-move-claim')
  return rows
}
