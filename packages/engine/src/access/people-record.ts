import { type Kysely, sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal, ScopeRole } from '../types.ts'
import { assertAdministrator } from './access.ts'

/** Milliseconds: a third of the time that it holds. */
const WATCHING_INTERVAL = 10_000

/** Everybody who was seen, and the roles that the record gives them. */
export class PeopleRecord {
  readonly #db: Kysely<Tables>
  /** What was last written of whom: most requests come from people of whom nothing has changed. */
  readonly #written = new Map<string, string>()

  readonly #watching = new Map<string, number>()

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** Remembers who it was, for when they must be told or asked about and are not here. */
  async seen(who: Principal): Promise<void> {
    // In somebody's place nothing of them is learned.
    if (who.actor !== undefined) return
    const known = { name: who.name, email: who.email ?? null, staff: who.staff, roles: JSON.stringify(who.roles ?? []) }
    const text = JSON.stringify(known)
    if (this.#written.get(who.id) === text) return
    const seen_at = sql<Date>`now()`
    await this.#db
      .insertInto('principals')
      .values({ id: who.id, ...known, locale: null, time_zone: null })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({
          ...known,
          // Credentials that know no address do not take one away.
          email: sql<string | null>`coalesce(excluded.email, principals.email)`,
          seen_at,
        }),
      )
      .execute()
    if (this.#written.size >= defaults.peopleRemembered) this.#written.clear()
    this.#written.set(who.id, text)
  }

  /** Remembers that somebody looks at the screen: for half a minute, and told at most every ten seconds. */
  async watching(who: Principal): Promise<void> {
    const now = Date.now()
    if ((this.#watching.get(who.id) ?? 0) > now) return
    if (this.#watching.size >= defaults.peopleRemembered) this.#watching.clear()
    this.#watching.set(who.id, now + WATCHING_INTERVAL)
    const until = sql<Date>`now() + make_interval(secs => ${defaults.watchedSeconds})`
    await this.#db
      .insertInto('watching')
      .values({ principal: who.id, until })
      .onConflict((conflict) => conflict.column('principal').doUpdateSet({ until }))
      .execute()
  }

  /** Who it is, as last seen. Somebody unknown is nobody's staff. */
  async find(id: string): Promise<Principal | undefined> {
    const row = await this.#db.selectFrom('principals').selectAll().where('id', '=', id).executeTakeFirst()
    return (
      row && {
        id: row.id,
        name: row.name,
        staff: row.staff,
        roles: row.roles,
        ...(row.email === null ? {} : { email: row.email }),
      }
    )
  }

  /**
   * The person, for staff who acts in their place: with that person's rights, and never more than those.
   *
   * @throws {Problem} `forbidden`, `principal-unknown`
   */
  async actFor(staff: Principal, id: string): Promise<Principal> {
    assertAdministrator(staff, 'act for somebody else')
    const person = await this.find(id)
    if (person === undefined) throw principalUnknown(id)
    return { ...person, staff: false, actor: { id: staff.id, name: staff.name } }
  }

  /** Gives somebody a role in a scope, in place of the one they had there. For staff. */
  async grant(principal: string, { role, scope }: ScopeRole, who: Principal): Promise<void> {
    assertAdministrator(who, 'give roles')
    await this.#db
      .insertInto('memberships')
      .values({ principal, scope, role, created_by: who.id })
      .onConflict((conflict) => conflict.columns(['principal', 'scope']).doUpdateSet({ role, created_by: who.id }))
      .execute()
  }

  /** Takes the role away; what runs on it stops at its next step. For staff. */
  async withdraw(principal: string, scope: string, who: Principal): Promise<void> {
    assertAdministrator(who, 'take roles away')
    await this.#db.deleteFrom('memberships').where('principal', '=', principal).where('scope', '=', scope).execute()
  }

  /** The roles that the record knows, of one person or in one scope. For staff. At most 1,000. */
  async memberships(
    which: { principal?: string | undefined; scope?: string | undefined },
    who: Principal,
  ): Promise<(ScopeRole & { principal: string })[]> {
    assertAdministrator(who, 'see who has which role')
    let query = this.#db.selectFrom('memberships').select(['principal', 'scope', 'role'])
    if (which.principal !== undefined) query = query.where('principal', '=', which.principal)
    if (which.scope !== undefined) query = query.where('scope', '=', which.scope)
    return query.orderBy('scope').orderBy('principal').limit(1_000).execute()
  }
}

function principalUnknown(id: string): Problem {
  return new Problem({
    code: 'principal-unknown',
    status: 404,
    title: 'Nobody of this id was ever here',
    detail: `No person ${id} is known.`,
    hint: 'Check the id; they must have signed in once.',
  })
}
