import { type Kysely, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { nextHour } from './next-hour.ts'
import type { Cadence, Channel } from './types.ts'

/**
 * Makes the deliveries of what people were told since: in the transaction that marks it as routed, so that each entry has
 * one for each channel, whoever is killed meanwhile.
 *
 * @returns how many entries were routed; 0 when none is left
 */
export function route(db: Kysely<Tables>, channels: readonly Channel[]): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<Told>`
      SELECT n.id, n.principal, n.kind, now() AS now, p.email IS NOT NULL AS reachable, p.time_zone,
        coalesce((SELECT jsonb_object_agg(x.kind || ' ' || x.channel, x.cadence) FROM errand.preferences x
          WHERE x.principal = n.principal AND x.kind IN (n.kind, '*')), '{}') AS wishes
      FROM errand.notifications n LEFT JOIN errand.principals p ON p.id = n.principal
      WHERE n.routed_at IS NULL ORDER BY n.id LIMIT ${defaults.routingBatch} FOR UPDATE OF n SKIP LOCKED`.execute(trx)
    if (rows.length === 0) return 0
    const closed = await trx.selectFrom('channels').select('name').where('disabled_at', 'is not', null).execute()
    const open = channels.filter(({ name }) => !closed.some((one) => one.name === name))
    const deliveries = rows.flatMap((row) => open.flatMap((channel) => deliveryOf(row, channel) ?? []))
    await sql`
      INSERT INTO errand.deliveries (id, notification_id, principal, channel, state, digest, due_at)
      SELECT x.id, x.notification_id, x.principal, x.channel, 'waiting', x.due_at IS NOT NULL, coalesce(x.due_at, now())
      FROM jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb)
        AS x (id uuid, notification_id uuid, principal text, channel text, due_at timestamptz)
      ON CONFLICT (notification_id, channel) DO NOTHING`.execute(trx)
    const ids = rows.map(({ id }) => id)
    await sql`UPDATE errand.notifications SET routed_at = now() WHERE id = ANY(${ids}::uuid[])`.execute(trx)
    return rows.length
  })
}

interface Told {
  id: string
  principal: string
  kind: string
  now: Date
  reachable: boolean
  time_zone: string | null
  /** By kind and channel. */
  wishes: Record<string, Cadence>
}

function deliveryOf(told: Told, channel: Channel) {
  const cadence = cadenceOf(told, channel)
  if (cadence === 'never' || (channel.needsEmail && !told.reachable)) return undefined
  return {
    id: uuidv7(),
    notification_id: told.id,
    principal: told.principal,
    channel: channel.name,
    due_at: cadence === 'daily' ? nextHour(told.now, defaults.digestHour, told.time_zone).toISOString() : null,
  }
}

/** What was said of the kind counts for more than what was said of all. */
function cadenceOf({ kind, wishes }: Told, { cadence, name }: Channel): Cadence {
  return wishes[`${kind} ${name}`] ?? wishes[`* ${name}`] ?? cadence
}
