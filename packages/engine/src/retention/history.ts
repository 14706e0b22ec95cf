import { type RawBuilder, sql } from 'kysely'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import type { Db } from '../database/open.ts'
import type { DueHistory } from '../types.ts'
import type { RetentionPolicy } from './policy.ts'

/** Over for longer than the policy keeps tasks of its kind; `forever` makes it null, which is not due. */
function isDue(policy: Required<RetentionPolicy>, clock: Clock): RawBuilder<boolean> {
  const rules = sql`${JSON.stringify(policy)}::jsonb`
  const days = sql`nullif(coalesce(${rules}->'definitions'->t.definition->>t.state, ${rules}->>t.state), 'forever')::float8`
  return sql<boolean>`(t.state IN ('completed', 'completed_with_errors', 'failed', 'canceled')
    AND t.finished_at < ${clockNow(clock)} - make_interval(secs => 86400 * ${days}))`
}

/** A file that is still there, or whose bytes are not yet confirmed as removed: without its row nobody would find them. */
const HOLDS = sql<boolean>`EXISTS (SELECT 1 FROM errand.artifacts a
  WHERE a.task_id = t.id AND (a.state IN ('writing', 'available') OR a.purged_at IS NULL))`

/** What would go, by definition and state. */
export async function dueHistory(db: Db, policy: Required<RetentionPolicy>, clock: Clock): Promise<DueHistory[]> {
  const { rows } = await sql<DueHistory>`
    SELECT definition, state, count(*) FILTER (WHERE NOT holds) AS tasks, count(*) FILTER (WHERE holds) AS held
    FROM (SELECT t.definition, t.state, ${HOLDS} AS holds FROM errand.tasks t WHERE ${isDue(policy, clock)}) due
    GROUP BY definition, state ORDER BY definition, state`.execute(db)
  return rows
}

/** Removes a page of it, with all that belongs to the tasks. @returns how many tasks are gone; 0 when nothing is left */
export async function removeHistory(db: Db, policy: Required<RetentionPolicy>, clock: Clock): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    DELETE FROM errand.tasks WHERE id IN (
      SELECT t.id FROM errand.tasks t WHERE ${isDue(policy, clock)} AND NOT ${HOLDS}
      ORDER BY t.finished_at LIMIT ${defaults.retentionPage} FOR UPDATE SKIP LOCKED)
    RETURNING id`.execute(db)
  return rows.length
}
