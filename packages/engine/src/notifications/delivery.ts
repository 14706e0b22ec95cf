import { type Kysely, sql } from 'kysely'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { type NotificationRow, render } from './render.ts'
import { type Cadence, type Channel, ChannelGone, type Message } from './types.ts'

/**
 * Passes notifications on. Each has at most one delivery for each channel, made in the transaction that marks it as
 * routed; each delivery is leased while it is tried, so that one whose process is killed is tried again by another,
 * under the same id. Nothing is lost, and what arrives twice can be told.
 */
export class Delivery {
  readonly #db: Kysely<Tables>
  readonly #channels: ReadonlyMap<string, Channel>
  readonly #logger: Logger

  constructor(db: Kysely<Tables>, channels: readonly Channel[], logger: Logger) {
    this.#db = db
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]))
    this.#logger = logger
  }

  /** Does all that is due. @returns how many deliveries were tried */
  async run(): Promise<number> {
    while ((await this.#route()) > 0);
    let tried = 0
    for (;;) {
      const taken = await this.#take()
      if (taken.length === 0) return tried
      tried += taken.length
      await Promise.all(messagesOf(taken).map((each) => this.#attempt(each)))
    }
  }

  /** Makes the deliveries of what has been told since. */
  #route(): Promise<number> {
    return this.#db.transaction().execute(async (trx) => {
      const { rows } = await sql<Routed>`
        SELECT n.id, n.principal, n.kind, p.email IS NOT NULL AS reachable,
          coalesce((SELECT jsonb_object_agg(x.kind || ' ' || x.channel, x.cadence) FROM errand.preferences x
            WHERE x.principal = n.principal AND x.kind IN (n.kind, '*')), '{}') AS wishes
        FROM errand.notifications n LEFT JOIN errand.principals p ON p.id = n.principal
        WHERE n.routed_at IS NULL ORDER BY n.id LIMIT ${defaults.deliveryBatch} FOR UPDATE OF n SKIP LOCKED`.execute(
        trx,
      )
      if (rows.length === 0) return 0
      const deliveries = rows.flatMap((row) =>
        [...this.#channels.values()].flatMap((channel) => {
          const cadence = cadenceOf(row, channel)
          if (cadence === 'never' || (channel.needsEmail && !row.reachable)) return []
          const { id, principal } = row
          return [{ id: uuidv7(), notification_id: id, principal, channel: channel.name, digest: cadence === 'daily' }]
        }),
      )
      await sql`
        INSERT INTO errand.deliveries (id, notification_id, principal, channel, state, digest, due_at)
        SELECT x.id, x.notification_id, x.principal, x.channel, 'waiting', x.digest,
          CASE WHEN x.digest THEN date_trunc('day', now()) + interval '1 day' + make_interval(hours => ${defaults.digestHour})
            ELSE now() END
        FROM jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb)
          AS x (id uuid, notification_id uuid, principal text, channel text, digest boolean)
        ON CONFLICT (notification_id, channel) DO NOTHING`.execute(trx)
      const ids = rows.map(({ id }) => id)
      await sql`UPDATE errand.notifications SET routed_at = now() WHERE id = ANY(${ids}::uuid[])`.execute(trx)
      return rows.length
    })
  }

  /** Leases what is due: nobody else tries it meanwhile, and somebody will if this process does not come to it. */
  async #take(): Promise<Taken[]> {
    const names = [...this.#channels.keys()]
    const { rows } = await sql<Taken>`
      WITH due AS (
        SELECT d.id FROM errand.deliveries d
        WHERE d.state = 'waiting' AND d.due_at <= now() AND d.channel = ANY(${names}::text[])
          AND NOT EXISTS (SELECT FROM errand.channels c WHERE c.name = d.channel AND c.disabled_at IS NOT NULL)
        ORDER BY d.due_at, d.principal LIMIT ${defaults.deliveryBatch} FOR UPDATE SKIP LOCKED
      ), taken AS (
        UPDATE errand.deliveries d SET attempts = d.attempts + 1, due_at = now() + make_interval(secs => ${defaults.deliveryLease})
        FROM due WHERE d.id = due.id RETURNING d.*
      )
      SELECT t.id AS delivery, t.channel, t.digest, t.attempts, t.principal, n.id, n.kind, n.task_id, n.data, n.created_at,
        n.read_at, p.name, p.email, p.locale, p.time_zone
      FROM taken t JOIN errand.notifications n ON n.id = t.notification_id
      LEFT JOIN errand.principals p ON p.id = t.principal ORDER BY n.id`.execute(this.#db)
    return rows
  }

  async #attempt({ channel: name, message, taken }: Addressed): Promise<void> {
    const channel = this.#channels.get(name)
    const attempts = taken.map(({ attempts, delivery }) => ({ id: delivery, attempt: attempts }))
    try {
      await channel?.send(message)
    } catch (error) {
      const detail = (error instanceof Error ? error.message : String(error)).slice(0, 500)
      this.#logger.warn({ err: error, channel: name, message: message.id }, 'a notification was not delivered')
      if (error instanceof ChannelGone) await this.#disable(name, detail)
      return this.#note(attempts, error instanceof ChannelGone ? 'gone' : 'failed', detail)
    }
    await this.#note(attempts, 'sent', null)
  }

  /** The attempt in the log, and what becomes of the delivery: the next attempt comes later each time, for days. */
  async #note(
    attempts: readonly { id: string; attempt: number }[],
    outcome: string,
    detail: string | null,
  ): Promise<void> {
    const { deliveryAttempts: most, deliveryDelay: first, deliveryLongestDelay: longest } = defaults
    await sql`
      WITH x AS (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) AS x (id uuid, attempt int)
      ), noted AS (
        INSERT INTO errand.delivery_attempts (delivery_id, attempt, outcome, detail)
        SELECT id, attempt, ${outcome}, ${detail} FROM x ON CONFLICT DO NOTHING
      )
      UPDATE errand.deliveries d SET
        state = CASE WHEN ${outcome} = 'sent' THEN 'sent' WHEN ${outcome} = 'gone' OR x.attempt >= ${most}::int THEN 'failed' ELSE 'waiting' END,
        sent_at = CASE WHEN ${outcome} = 'sent' THEN now() END,
        due_at = now() + make_interval(secs => least(${longest}::float8, ${first}::float8 * power(3, x.attempt - 1)))
      FROM x WHERE d.id = x.id AND d.state = 'waiting'`.execute(this.#db)
  }

  async #disable(name: string, reason: string): Promise<void> {
    const disabled_at = sql<Date>`now()`
    await this.#db
      .insertInto('channels')
      .values({ name, disabled_at, reason })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ disabled_at, reason }))
      .execute()
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close?.()
  }
}

interface Routed {
  id: string
  principal: string
  kind: string
  reachable: boolean
  /** By kind and channel. */
  wishes: Record<string, Cadence>
}

interface Taken extends NotificationRow {
  delivery: string
  channel: string
  digest: boolean
  attempts: number
  principal: string
  name: string | null
  email: string | null
  locale: string | null
  time_zone: string | null
}

interface Addressed {
  channel: string
  message: Message
  taken: readonly Taken[]
}

/** What was said of the kind counts for more than what was said of all. */
function cadenceOf({ kind, wishes }: Routed, channel: Channel): Cadence {
  return wishes[`${kind} ${channel.name}`] ?? wishes[`* ${channel.name}`] ?? channel.cadence
}

/** One message for each, but for digests: one for all that a person is told that way. */
function messagesOf(taken: readonly Taken[]): Addressed[] {
  const groups = Map.groupBy(taken, (one) => (one.digest ? `${one.channel} ${one.principal}` : one.delivery))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { channel, delivery, email, locale, name, principal, time_zone: timeZone } = first
    const to = { id: principal, name: name ?? principal, email, locale, timeZone }
    return [{ channel, taken: group, message: { id: delivery, to, notifications: group.map(render) } }]
  })
}
