import { type Kysely, sql } from 'kysely'
import { assertAdministrator } from '../access/access.ts'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import type { ChannelView, DeliveryPage, DeliveryQuery, DeliveryView } from './types.ts'

/** What was passed on, what was not and why; and how to have it tried again. For staff. */
export class DeliveryLog {
  readonly #db: Kysely<Tables>
  readonly #names: readonly string[]

  constructor(db: Kysely<Tables>, names: readonly string[]) {
    this.#db = db
    this.#names = names
  }

  /** A page, newest first, each with its latest attempts. @throws {Problem} `forbidden` */
  async list({ channel, limit: wanted = 50, pageToken, state }: DeliveryQuery, who: Principal): Promise<DeliveryPage> {
    assertAdministrator(who, 'see what was delivered')
    const limit = Math.min(Math.max(1, wanted), 200)
    const before = pageToken !== undefined && isId(pageToken) ? sql`AND d.id < ${pageToken}::uuid` : sql``
    const rows = await this.#read(sql`true ${before}
      ${state === undefined ? sql`` : sql`AND d.state = ${state}`}
      ${channel === undefined ? sql`` : sql`AND d.channel = ${channel}`}
      ORDER BY d.id DESC LIMIT ${limit + 1}`)
    return {
      deliveries: rows.slice(0, limit),
      nextPageToken: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null,
    }
  }

  /**
   * Has it tried at once, with as many attempts as it had at first. Its id stays the same, so that whoever got it
   * already can tell. @throws {Problem} `forbidden`, `delivery-unknown`
   */
  async sendAgain(id: string, who: Principal): Promise<DeliveryView> {
    assertAdministrator(who, 'have something delivered again')
    if (isId(id)) {
      await sql`UPDATE errand.deliveries SET state = 'waiting', digest = false, due_at = now(), sent_at = NULL,
        attempts_allowed = attempts + ${defaults.deliveryAttempts}::int WHERE id = ${id}`.execute(this.#db)
      const [row] = await this.#read(sql`d.id = ${id}`)
      if (row !== undefined) return row
    }
    throw deliveryUnknown(id)
  }

  /** @throws {Problem} `forbidden` */
  async channels(who: Principal): Promise<ChannelView[]> {
    assertAdministrator(who, 'see the channels')
    const { rows } = await sql<ChannelView>`
      SELECT x.name, c.disabled_at AS "closedAt", c.reason,
        (SELECT count(*)::int FROM errand.deliveries d WHERE d.channel = x.name AND d.state = 'waiting') AS waiting
      FROM jsonb_array_elements_text(${JSON.stringify(this.#names)}::jsonb) AS x (name)
      LEFT JOIN errand.channels c ON c.name = x.name`.execute(this.#db)
    return rows
  }

  /** Opens a channel that was closed; what waited for it goes on. @throws {Problem} `forbidden`, `channel-unknown` */
  async open(name: string, who: Principal): Promise<void> {
    assertAdministrator(who, 'open a channel')
    if (!this.#names.includes(name)) throw channelUnknown(name)
    await this.#db.deleteFrom('channels').where('name', '=', name).execute()
  }

  async #read(condition: ReturnType<typeof sql>): Promise<DeliveryView[]> {
    const { rows } = await sql<Omit<DeliveryView, 'attempts'> & { attempts: (Attempt & { at: string })[] }>`
      SELECT d.id, d.notification_id AS "notificationId", d.principal, d.channel, n.kind, d.state, d.digest,
        d.attempts AS tried, d.created_at AS "createdAt", d.sent_at AS "sentAt",
        CASE WHEN d.state = 'waiting' THEN d.due_at END AS "dueAt",
        coalesce((SELECT jsonb_agg(jsonb_build_object('attempt', a.attempt, 'at', a.at, 'outcome', a.outcome, 'detail', a.detail)
          ORDER BY a.attempt) FROM (
            SELECT * FROM errand.delivery_attempts b WHERE b.delivery_id = d.id ORDER BY b.attempt DESC
            LIMIT ${defaults.deliveryAttempts}) a), '[]') AS attempts
      FROM errand.deliveries d JOIN errand.notifications n ON n.id = d.notification_id WHERE ${condition}`.execute(
      this.#db,
    )
    return rows.map((row) => ({ ...row, attempts: row.attempts.map((one) => ({ ...one, at: new Date(one.at) })) }))
  }
}

type Attempt = Omit<DeliveryView['attempts'][number], 'at'>

/** The other side wants no more: nothing is made or tried for the channel until it is opened again. */
export async function closeChannel(db: Kysely<Tables>, name: string, reason: string): Promise<void> {
  const disabled_at = sql<Date>`now()`
  await db
    .insertInto('channels')
    .values({ name, disabled_at, reason })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ disabled_at, reason }))
    .execute()
}

function deliveryUnknown(id: string): Problem {
  return new Problem({
    code: 'delivery-unknown',
    status: 404,
    title: 'There is no such delivery',
    detail: `No delivery ${id} is known.`,
    hint: 'Check the id; the list of deliveries shows it.',
  })
}

function channelUnknown(name: string): Problem {
  return new Problem({
    code: 'channel-unknown',
    status: 404,
    title: `There is no channel ${name}`,
    hint: 'The list of channels shows those that are configured.',
  })
}
