import { type Kysely, sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { Principal } from '../types.ts'

/** Who has the screen open right now: a short task that ends well before somebody's eyes is no news to them. */
export class Watching {
  readonly #db: Kysely<Tables>
  /** How many feeds of this process each person has. */
  readonly #feeds = new Map<string, number>()
  /** When each is to be written next: many pages of one person are one row. */
  readonly #next = new Map<string, number>()

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** Says that somebody follows what happens; to be said again while they do. */
  enter(who: Principal): void {
    this.#feeds.set(who.id, (this.#feeds.get(who.id) ?? 0) + 1)
  }

  /** They still do; those who said so a moment ago need not say it again. */
  async beat(people: readonly Principal[]): Promise<void> {
    const now = performance.now()
    const due = new Set<string>()
    for (const who of people) {
      // Whoever acts in somebody's place looks with eyes of their own.
      if (who.actor !== undefined || (this.#next.get(who.id) ?? 0) > now) continue
      due.add(who.id)
      this.#next.set(who.id, now + defaults.watchingInterval)
    }
    if (due.size === 0) return
    const until = sql<Date>`now() + make_interval(secs => ${(2 * defaults.watchingInterval) / 1_000})`
    // In one order for all who write several, so that they wait for each other instead of dead-locking.
    await sql`INSERT INTO errand.watching (principal, until)
      SELECT principal, ${until} FROM unnest(${[...due].sort()}::text[]) AS due (principal) ORDER BY principal
      ON CONFLICT (principal) DO UPDATE SET until = excluded.until`.execute(this.#db)
  }

  /** They have closed one. Where another process serves another of theirs, that one says so again soon. */
  async leave(who: Principal): Promise<void> {
    const left = (this.#feeds.get(who.id) ?? 1) - 1
    if (left > 0) {
      this.#feeds.set(who.id, left)
      return
    }
    this.#feeds.delete(who.id)
    if (!this.#next.delete(who.id)) return
    await this.#db.deleteFrom('watching').where('principal', '=', who.id).execute()
  }
}
