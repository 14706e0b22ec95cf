import { sql } from 'kysely'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import type { Db } from '../database/open.ts'
import type { Storages } from '../storage/storages.ts'

/**
 * Uploads whose time is over: given up half way, used by no task, or used by tasks that all ended well some days ago. An
 * upload of a task that is not over, or that did not end well, stays as long as the task: it can be run again.
 */
function due(clock: Clock) {
  const now = clockNow(clock)
  return sql<boolean>`(u.expires_at <= ${now} AND (u.state = 'arriving' OR u.state = 'complete' AND NOT EXISTS (
    SELECT 1 FROM errand.tasks t
    WHERE t.uploads <> '{}' AND jsonb_path_query_array(t.uploads, '$.*') @> to_jsonb(u.id::text)
      AND (t.state NOT IN ('completed', 'completed_with_errors')
        OR t.finished_at > ${now} - make_interval(days => ${defaults.uploadDays})))))`
}

/** What would go: how many, and how many bytes. */
export async function dueUploads(db: Db, clock: Clock): Promise<{ count: number; bytes: number }> {
  const { rows } = await sql<{ count: number; bytes: number }>`
    SELECT count(*) AS count, coalesce(sum(CASE WHEN u.state = 'arriving' THEN u.received ELSE u.size END), 0)::bigint AS bytes
    FROM errand.uploads u WHERE ${due(clock)}`.execute(db)
  return rows[0] ?? { count: 0, bytes: 0 }
}

/** Lets them go; what cannot be removed from the storage now is left to the next time. @returns how many are gone */
export async function expireUploads(
  { clock, db, storages }: { db: Db; storages: Storages; clock: Clock },
  logger: Logger,
): Promise<number> {
  await sql`UPDATE errand.uploads u SET state = 'gone' WHERE ${due(clock)}`.execute(db)
  const gone = await db
    .selectFrom('uploads')
    .select(['id', 'storage', 'key'])
    .where('state', '=', 'gone')
    .limit(defaults.retentionPage)
    .execute()
  let removed = 0
  for (const { id, key, storage } of gone) {
    try {
      const store = storages.get(storage)
      const parts = await db.selectFrom('upload_parts').select('key').where('upload_id', '=', id).execute()
      for (const part of parts) await store.delete(part.key)
      if (parts.length === 0) await store.delete(key)
      await db.deleteFrom('uploads').where('id', '=', id).execute()
      removed += 1
    } catch (error) {
      logger.warn({ err: error, upload: id }, 'the bytes of an upload could not be removed yet')
    }
  }
  return removed
}
