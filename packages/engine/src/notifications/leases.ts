import { type Kysely, type RawBuilder, sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { NotificationRow } from './render.ts'
import { selectFacts } from './texts/facts.ts'

/** A delivery in hand, with all that is needed to make it. */
export interface Taken extends NotificationRow {
  delivery: string
  /** The delivery that stands for all of its digest; else its own. */
  leader: string
  /** Counted from 1; with the delivery it names the lease. */
  attempt: number
  principal: string
  name: string | null
  email: string | null
  locale: string | null
  time_zone: string | null
}

/**
 * Leases what is due of a channel: nobody else tries it meanwhile, and somebody will if this process does not come to it.
 * A digest is taken as a whole: what belongs to it is always due at the same instant.
 */
export async function take(db: Kysely<Tables>, channel: string): Promise<Taken[]> {
  const due = sql`d.state = 'waiting' AND d.due_at <= now() AND d.channel = ${channel}
    AND NOT EXISTS (SELECT FROM errand.channels c WHERE c.name = d.channel AND c.disabled_at IS NOT NULL)`
  const singles = await lease(
    db,
    sql`SELECT d.id, d.id AS leader FROM errand.deliveries d WHERE ${due} AND NOT d.digest
      ORDER BY d.due_at, d.id LIMIT ${defaults.deliveryBatch} FOR UPDATE SKIP LOCKED`,
  )
  if (singles.length > 0) return singles
  // The first of each digest stands for it, so that of two processes one takes it; the other rows are found by it. It is
  // looked for once and for all: looked for again while rows are being updated, it would not be found.
  return lease(
    db,
    sql`WITH f AS MATERIALIZED (
        SELECT d.id, d.principal, d.channel, d.due_at FROM errand.deliveries d WHERE ${due} AND d.digest
          AND NOT EXISTS (SELECT FROM errand.deliveries g WHERE g.state = 'waiting' AND g.digest
            AND g.principal = d.principal AND g.channel = d.channel AND g.due_at = d.due_at AND g.id < d.id)
        ORDER BY d.due_at, d.id LIMIT ${defaults.deliveryBatch} FOR UPDATE SKIP LOCKED
      )
      SELECT e.id, f.id AS leader FROM errand.deliveries e JOIN f
        ON e.principal = f.principal AND e.channel = f.channel AND e.due_at = f.due_at
      WHERE e.state = 'waiting' AND e.digest`,
  )
}

async function lease(db: Kysely<Tables>, due: RawBuilder<unknown>): Promise<Taken[]> {
  const { rows } = await sql<Taken>`
    WITH due AS MATERIALIZED (${due}), taken AS (
      UPDATE errand.deliveries d
      SET attempts = d.attempts + 1, due_at = now() + make_interval(secs => ${defaults.deliveryLease / 1_000})
      FROM due WHERE d.id = due.id AND d.state = 'waiting' RETURNING d.*, due.leader
    )
    SELECT t.id AS delivery, t.leader, t.attempts AS attempt, t.principal, n.id, n.kind, n.task_id, n.data,
      n.created_at, n.read_at, p.name, p.email, p.locale, p.time_zone, ${selectFacts} AS facts
    FROM taken t JOIN errand.notifications n ON n.id = t.notification_id
    LEFT JOIN errand.principals p ON p.id = t.principal ORDER BY n.id`.execute(db)
  return rows
}

/** How an attempt went. `gone`: there is no sense in another. */
export type Outcome = 'sent' | 'failed' | 'gone'

/**
 * The attempt in the log, and what becomes of the deliveries: the next attempt comes later each time, for days. What was
 * sent was sent, also if the lease had run out meanwhile; what failed counts only for whoever still has it.
 */
export async function note(
  db: Kysely<Tables>,
  attempts: readonly Pick<Taken, 'delivery' | 'attempt'>[],
  outcome: Outcome,
  detail: string | null,
): Promise<void> {
  const { deliveryAttempts: most, deliveryDelay: first, deliveryLongestDelay: longest } = defaults
  await sql`
    WITH x AS (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(attempts.map(({ attempt, delivery }) => ({ delivery, attempt })))}::jsonb)
        AS x (delivery uuid, attempt int)
    ), noted AS (
      INSERT INTO errand.delivery_attempts (delivery_id, attempt, outcome, detail)
      SELECT delivery, attempt, ${outcome}, ${detail} FROM x ON CONFLICT DO NOTHING
    )
    UPDATE errand.deliveries d SET
      state = CASE WHEN ${outcome} = 'sent' THEN 'sent'
        WHEN ${outcome} = 'gone' OR x.attempt >= coalesce(d.attempts_allowed, ${most}::int) THEN 'failed'
        ELSE 'waiting' END,
      sent_at = CASE WHEN ${outcome} = 'sent' THEN now() END,
      due_at = now() + make_interval(secs => least(${longest}::float8,
        ${first}::float8 * power(3, x.attempt - 1 - (coalesce(d.attempts_allowed, ${most}::int) - ${most}::int))))
    FROM x WHERE d.id = x.delivery AND d.state = 'waiting' AND (${outcome} = 'sent' OR d.attempts = x.attempt)`.execute(
    db,
  )
}
