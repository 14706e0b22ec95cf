import { type Kysely, sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal, ScopeRole } from '../types.ts'
import { assertAdministrator } from './access.ts'

/** How somebody is reached. */
export interface Contact {
  email: string | null
  /** BCP 47. */
  locale: string | null
  /** IANA. */
  timeZone: string | null
}

/** Everybody who was seen, and the roles that the record gives them. */
export class PeopleRecord {
  readonly #db: Kysely<Tables>
  /** What was last written of whom: most requests come from people of whom nothing has changed. */
  readonly #written = new Map<string, string>()

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

  /** How somebody can be reached, and in which language and time zone they read. */
  async contact(who: Principal): Promise<Contact> {
    const row = await this.#db
      .selectFrom('principals')
      .select(['email', 'locale', 'time_zone'])
      .where('id', '=', who.id)
      .executeTakeFirst()
    return {
      email: row?.email ?? who.email ?? null,
      locale: row?.locale ?? null,
      timeZone: row?.time_zone ?? null,
    }
  }

  /** Remembers which language and time zone somebody has chosen; what is `undefined` stays. */
  async speaks(
    who: Principal,
    { locale, timeZone }: { locale?: string | null | undefined; timeZone?: string | null | undefined },
  ): Promise<void> {
    await this.seen(who)
    await this.#db
      .updateTable('principals')
      .set({ ...(locale === undefined ? {} : { locale }), ...(timeZone === undefined ? {} : { time_zone: timeZone }) })
      .where('id', '=', who.id)
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
