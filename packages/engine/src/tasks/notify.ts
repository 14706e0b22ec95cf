import { isFinal } from '@errand/task'
import { type RawBuilder, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import { jsonText } from '../database/json-text.ts'
import type { TaskChange } from './change.ts'

/**
 * Puts the end of tasks into their owners' inboxes, in the statement that ends them: told if and only if it happened,
 * and once, as an event has one entry. One for a task, however many items it had.
 *
 * Nobody is told of what they did themselves, nor of what went well within half a minute before their eyes.
 *
 * @returns a statement for a WITH; `undefined` when none of the tasks has ended
 */
export function insertNotifications(changes: readonly TaskChange[]): RawBuilder<unknown> | undefined {
  const ended = changes.filter(({ moves, state }) => isFinal('task', state) && moves.some(({ step }) => step === null))
  if (ended.length === 0) return undefined
  const rows = ended.map(({ failure, moves, record, state }) => ({
    notice: uuidv7(),
    id: record.task.id,
    state,
    failure: failure?.title ?? '',
    hint: failure?.hint ?? '',
    by: moves.findLast(({ step }) => step === null)?.actor ?? 'errand',
  }))
  const ids = rows.map(({ id }) => id)
  return sql`
    INSERT INTO errand.notifications (id, principal, kind, event, task_id, data)
    SELECT x.notice, t.owner, 'task.' || x.state, 'task ' || t.id || ' ended', t.id, jsonb_build_object(
      'title', t.title, 'definition', t.definition, 'scope', t.scope, 'failure', x.failure, 'hint', x.hint)
    FROM jsonb_to_recordset(${jsonText(rows)}::jsonb)
      AS x (notice uuid, id uuid, state text, failure text, hint text, by text)
    JOIN errand.tasks t ON t.id = x.id AND t.id = ANY(${ids}::uuid[])
    WHERE CASE x.state
      WHEN 'canceled' THEN x.by NOT IN ('errand', t.owner) OR EXISTS (
        SELECT FROM errand.transitions m WHERE m.task_id = t.id AND m.step IS NULL AND m."to" = 'canceling' AND m.actor <> t.owner)
      WHEN 'completed' THEN t.created_at < now() - make_interval(secs => ${defaults.watchedSeconds}) OR NOT EXISTS (
        SELECT FROM errand.watching w WHERE w.principal = t.owner AND w.until > now())
      ELSE true END
    ON CONFLICT (principal, event) DO NOTHING`
}
