import { type Kysely, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { assertAdministrator, assertGranted } from '../access/access.ts'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import type { Bus } from '../events/bus.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import { render } from './render.ts'
import { selectFacts } from './texts/facts.ts'
import type { InboxPage, InboxQuery, NotificationRequest } from './types.ts'

/** What people have been told. Each sees their own and nobody else's, staff or not. */
export class Inbox {
  readonly #db: Kysely<Tables>
  readonly #bus: Bus

  constructor(db: Kysely<Tables>, bus: Bus) {
    this.#db = db
    this.#bus = bus
  }

  /** A page, newest first. The token is the id of the last one of the page before: ids grow with time. */
  async list(who: Principal, { limit: wanted = 50, pageToken, unread = false }: InboxQuery = {}): Promise<InboxPage> {
    assertGranted(who, 'read', 'read this inbox')
    const limit = Math.min(Math.max(1, wanted), 200)
    let query = this.#db
      .selectFrom('notifications as n')
      .leftJoin('principals as p', 'p.id', 'n.principal')
      .select(['n.id', 'n.kind', 'n.task_id', 'n.data', 'n.created_at', 'n.read_at', 'p.locale', 'p.time_zone'])
      .select(selectFacts.as('facts'))
      .where('n.principal', '=', who.id)
    if (pageToken !== undefined) {
      if (!isId(pageToken)) throw pageTokenInvalid()
      query = query.where('n.id', '<', pageToken)
    }
    if (unread) query = query.where('n.read_at', 'is', null)
    const rows = await query
      .orderBy('n.id', 'desc')
      .limit(limit + 1)
      .execute()
    return {
      notifications: rows.slice(0, limit).map((row) => render(row, { locale: row.locale, timeZone: row.time_zone })),
      nextPageToken: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null,
    }
  }

  /** How many they have not read. */
  async unread(who: Principal): Promise<number> {
    const { count } = await this.#db
      .selectFrom('notifications')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('principal', '=', who.id)
      .where('read_at', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  /** The same for many people at once; whoever has none is not in it. */
  async unreadOf(people: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (people.length === 0) return new Map()
    const { rows } = await sql<{ principal: string; count: number }>`
      SELECT principal, count(*)::int AS count FROM errand.notifications
      WHERE principal = ANY(${[...people]}::text[]) AND read_at IS NULL GROUP BY principal`.execute(this.#db)
    return new Map(rows.map(({ count, principal }) => [principal, count]))
  }

  /** Marks as read: these, or all. What is not theirs is left alone. @returns how many are still unread */
  async read(ids: readonly string[] | 'all', who: Principal): Promise<number> {
    assertGranted(who, 'write', 'mark what is in this inbox as read')
    let query = this.#db
      .updateTable('notifications')
      .set({ read_at: sql<Date>`now()` })
      .where('principal', '=', who.id)
      .where('read_at', 'is', null)
    if (ids !== 'all') query = query.where(sql<boolean>`id = ANY(${ids.filter(isId)}::uuid[])`)
    await query.execute()
    this.#bus.tell({ inboxes: [who.id] })
    return this.unread(who)
  }

  /** Tells people something of the platform's own. For staff. @returns how many were told now, not before */
  async send(request: NotificationRequest, who: Principal): Promise<number> {
    assertAdministrator(who, 'send notifications')
    const { body = '', kind, link = '', title } = request
    const to = [...new Set(request.to)]
    const event = request.event === undefined ? `sent ${uuidv7()}` : `${kind} ${request.event}`
    const data = jsonText({ title, body, link })
    const rows = await this.#db
      .insertInto('notifications')
      .values(to.map((principal) => ({ id: uuidv7(), principal, kind, event, task_id: null, data })))
      .onConflict((conflict) => conflict.columns(['principal', 'event']).doNothing())
      .returning('principal')
      .execute()
    this.#bus.tell({ inboxes: rows.map(({ principal }) => principal) })
    return rows.length
  }

  /** Removes what an inbox keeps no longer, with its deliveries. */
  async sweep(): Promise<void> {
    // Ids begin with their time, so that the oldest are found without looking at the others.
    const oldest = uuidv7({ msecs: Date.now() - defaults.inboxDays * 86_400_000, random: new Uint8Array(16), seq: 0 })
    await sql`DELETE FROM errand.notifications WHERE id IN (
      SELECT id FROM errand.notifications WHERE id < ${oldest}::uuid ORDER BY id LIMIT ${defaults.inboxPage}
      FOR UPDATE SKIP LOCKED)`.execute(this.#db)
  }
}

function pageTokenInvalid(): Problem {
  return new Problem({
    code: 'page-token-invalid',
    status: 400,
    title: 'The page token is not valid',
    hint: 'Use the token that came with the page before.',
  })
}
