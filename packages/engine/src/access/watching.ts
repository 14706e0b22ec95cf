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

  /** They still do. */
  async beat(who: Principal): Promise<void> {
    // Whoever acts in somebody's place looks with eyes of their own.
    if (who.actor !== undefined) return
    const now = performance.now()
    if ((this.#next.get(who.id) ?? 0) > now) return
    this.#next.set(who.id, now + defaults.watchingInterval)
    const until = sql<Date>`now() + make_interval(secs => ${(2 * defaults.watchingInterval) / 1_000})`
    await this.#db
      .insertInto('watching')
      .values({ principal: who.id, until })
      .onConflict((conflict) => conflict.column('principal').doUpdateSet({ until }))
      .execute()
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
