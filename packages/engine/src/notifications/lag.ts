import { sql } from 'kysely'
import type { Db } from '../database/open.ts'
import type { OutboxLag } from '../types.ts'

/**
 * How far each channel is behind: since when the first notification is due that is not delivered, or not looked at yet. A
 * channel that is switched off for the time being is behind nothing.
 */
export async function readLag(db: Db, channels: readonly string[]): Promise<OutboxLag[]> {
  if (channels.length === 0) return []
  const { rows } = await sql<OutboxLag>`
    SELECT c.name AS channel, count(d.id)::int AS waiting,
      coalesce(greatest(extract(epoch FROM now() - min(d.due_at)), extract(epoch FROM now() - min(u.created_at)), 0), 0)::float8
        AS "lagSeconds"
    FROM unnest(${[...channels]}::text[]) AS c (name)
    LEFT JOIN errand.deliveries d ON d.channel = c.name AND d.state = 'waiting' AND d.due_at <= now()
      AND NOT EXISTS (SELECT FROM errand.channels off WHERE off.name = c.name AND off.disabled_at IS NOT NULL)
    LEFT JOIN LATERAL (
      SELECT created_at FROM errand.notifications WHERE routed_at IS NULL ORDER BY id LIMIT 1
    ) u ON true
    GROUP BY c.name ORDER BY c.name`.execute(db)
  return rows
}
