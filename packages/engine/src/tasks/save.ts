import { isFinal } from '@errand/task'
import { type RawBuilder, sql, type Transaction } from 'kysely'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { type Dispatch, queueOf, type Wake } from '../dispatch/dispatch.ts'
import { closeFanOuts } from '../fan-out/index.ts'
import type { TaskChange } from './change.ts'
import { insertNotifications } from './notify.ts'

/**
 * Writes what has changed, for any number of tasks, in a fixed number of statements: a batch of a hundred tasks costs
 * hardly more round trips than one.
 */
export async function saveChanges(
  trx: Transaction<Tables>,
  dispatch: Dispatch,
  changes: readonly TaskChange[],
): Promise<void> {
  const changed = changes.filter((change) => change.changed)
  if (changed.length === 0) return
  const tasks = changed.map((change) => ({
    id: change.record.task.id,
    state: change.state,
    failure: change.failure,
    sequence: change.sequence,
    begun: change.begun,
    ended: isFinal('task', change.state),
  }))
  const steps = changed.flatMap((change) =>
    [...change.patches].map(([name, patch]) => ({ task_id: change.record.task.id, name, ...patch })),
  )
  // Said once more, as the planner cannot know how few rows come out of the JSON, and would read small tables whole.
  const ids = tasks.map(({ id }) => id)
  const told = insertNotifications(changed)
  // One statement: with tasks of a few milliseconds, the way to the database and back is most of what a change costs.
  await sql`
    WITH changed_tasks AS (
      UPDATE errand.tasks AS t SET
        state = x.state,
        failure = x.failure,
        sequence = x.sequence,
        started_at = CASE WHEN x.begun THEN coalesce(t.started_at, now()) ELSE t.started_at END,
        finished_at = CASE WHEN x.ended THEN now() ELSE t.finished_at END
      FROM jsonb_to_recordset(${jsonText(tasks)}::jsonb) AS x (
        id uuid, state text, failure jsonb, sequence int, begun boolean, ended boolean)
      WHERE t.id = x.id AND t.id = ANY(${ids}::uuid[])
    ), changed_steps AS (
      UPDATE errand.steps AS s SET
        state = x.state,
        attempt = x.attempt,
        losses = x.losses,
        otherwise = x.otherwise,
        lease = x.lease,
        worker = x.worker,
        job = x.job,
        result = x.result,
        failure = x.failure,
        retry_at = CASE WHEN x."retryIn" IS NULL THEN NULL ELSE now() + make_interval(secs => x."retryIn") END,
        changed_at = now(),
        started_at = CASE WHEN x.begun THEN coalesce(s.started_at, now()) ELSE s.started_at END,
        finished_at = CASE WHEN x.ended THEN now() ELSE s.finished_at END
      FROM jsonb_to_recordset(${jsonText(steps)}::jsonb) AS x (
        task_id uuid, name text, state text, attempt int, losses int, otherwise boolean, lease text, worker text,
        job uuid, result jsonb, failure jsonb, "retryIn" float8, begun boolean, ended boolean)
      WHERE s.task_id = x.task_id AND s.name = x.name AND s.task_id = ANY(${ids}::uuid[])
    )${told === undefined ? sql`` : sql`, told AS (${told})`}
    ${insertTransitions(changed)}`.execute(trx)
  await closeFanOuts(
    trx,
    changed.flatMap(({ patches, record }) =>
      [...patches]
        .filter(([name, { ended }]) => ended && record.steps.get(name)?.kind === 'fan-out')
        .map(([step]) => ({ taskId: record.task.id, step })),
    ),
  )
  await sendWakes(
    trx,
    dispatch,
    changed.map((change) => ({
      queue: queueOf(change.record.task.definition, change.record.task.version),
      wakes: change.wakes,
    })),
  )
}

/** A history line for each move, of tasks that are there or are made by the same statement. */
export function insertTransitions(changes: readonly TaskChange[]): RawBuilder<unknown> {
  const rows = changes.flatMap((change) => change.moves.map((move) => ({ task_id: change.record.task.id, ...move })))
  return sql`
    INSERT INTO errand.transitions (task_id, sequence, step, "from", "to", reason, actor)
    SELECT task_id, sequence, step, "from", "to", reason, actor
    FROM jsonb_to_recordset(${jsonText(rows)}::jsonb)
      AS x (task_id uuid, sequence int, step text, "from" text, "to" text, reason text, actor text)`
}

/** One insert for each queue. */
export async function sendWakes(
  trx: Transaction<Tables>,
  dispatch: Dispatch,
  batches: readonly { queue: string; wakes: readonly Wake[] }[],
): Promise<void> {
  const byQueue = new Map<string, Wake[]>()
  for (const { queue, wakes } of batches) {
    if (wakes.length > 0) byQueue.set(queue, [...(byQueue.get(queue) ?? []), ...wakes])
  }
  for (const [queue, wakes] of byQueue) await dispatch.send(trx, queue, wakes)
}
