import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import { type Batched, batched } from '../batch.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { Principal, ScopeRole } from '../types.ts'

/**
 * Asks the platform for a person's roles. Its answer is kept for half a minute; when it fails or takes longer than two
 * seconds, the person has none of its roles.
 *
 * @example
 * ```ts
 * const rolesHook: RolesHook = async ({ id }) => {
 *   const rows = await platform.roles(id)
 *   return rows.map(({ course, admin }) => ({ scope: `course:${course}`, role: admin ? 'staff' : 'team' }))
 * }
 * ```
 */
export type RolesHook = (who: { id: string; name: string }, signal: AbortSignal) => Promise<readonly ScopeRole[]>

/** A person's role in each scope; the stronger one where several sources name one. */
export type RoleMap = ReadonlyMap<string, ScopeRole['role']>

/** Roles from the three places that know of them: the credentials, the record, and the platform. */
export class Roles {
  readonly #db: Kysely<Tables>
  readonly #hook: RolesHook | undefined
  readonly #logger: Logger
  /** Who has which role in a scope: the tasks of one moment are about many scopes, and asked about in one look. */
  readonly #members: Batched<string, ReadonlyMap<string, ScopeRole['role']>>
  readonly #asked = new Map<string, { until: number; answer: Promise<readonly ScopeRole[]> }>()

  constructor(db: Kysely<Tables>, logger: Logger, hook?: RolesHook) {
    this.#db = db
    this.#logger = logger
    this.#hook = hook
    this.#members = batched(
      async (scopes) => {
        const rows = await db
          .selectFrom('memberships')
          .select(['principal', 'scope', 'role'])
          .where('scope', 'in', [...new Set(scopes)])
          .execute()
        const found = Map.groupBy(rows, ({ scope }) => scope)
        return scopes.map((scope) => {
          const members = (found.get(scope) ?? []).map(({ principal, role }) => [principal, role] as const)
          return { ok: true, value: new Map(members) }
        })
      },
      { max: defaults.batch, parallel: 2 },
    )
  }

  /** The record is asked each time: a membership that was taken away is gone at once. */
  async of(who: Pick<Principal, 'id' | 'name' | 'roles'>): Promise<RoleMap> {
    const [kept, told] = await Promise.all([
      this.#db.selectFrom('memberships').select(['scope', 'role']).where('principal', '=', who.id).execute(),
      this.#ask(who),
    ])
    const roles = new Map<string, ScopeRole['role']>()
    for (const { scope, role } of [...(who.roles ?? []), ...kept, ...told]) {
      // What is about nothing has no team.
      if (scope !== '' && roles.get(scope) !== 'staff') roles.set(scope, role)
    }
    return roles
  }

  /** The role of each of many people in one scope; the record is asked once for all of them, each time. */
  async inScope<Who extends Pick<Principal, 'id' | 'name' | 'roles'>>(
    scope: string,
    people: readonly Who[],
  ): Promise<ReadonlyMap<Who, ScopeRole['role']>> {
    if (scope === '') return new Map()
    const kept = await this.#members(scope)
    const found = new Map<Who, ScopeRole['role']>()
    const decide = (who: Who, told: readonly ScopeRole[]) => {
      // Of the thousands who watch, for each task that changes.
      if (told.length === 0 && who.roles === undefined && !kept.has(who.id)) return
      const here = [...(who.roles ?? []), ...told].filter((one) => one.scope === scope).map(({ role }) => role)
      const own = kept.get(who.id)
      if (own !== undefined) here.push(own)
      const [any] = here
      if (any !== undefined) found.set(who, here.includes('staff') ? 'staff' : any)
    }
    if (this.#hook === undefined) for (const who of people) decide(who, [])
    else await Promise.all(people.map(async (who) => decide(who, await this.#ask(who))))
    return found
  }

  #ask(who: { id: string; name: string }): Promise<readonly ScopeRole[]> {
    const hook = this.#hook
    if (hook === undefined) return Promise.resolve([])
    const known = this.#asked.get(who.id)
    if (known !== undefined && known.until > Date.now()) return known.answer
    const signal = AbortSignal.timeout(defaults.rolesHookTimeout)
    const late = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    const asked = Promise.resolve().then(() => hook({ id: who.id, name: who.name }, signal))
    const answer = Promise.race([asked, late]).catch((error: unknown): readonly ScopeRole[] => {
      this.#logger.warn({ err: error, principal: who.id }, 'the platform did not tell the roles; they count as none')
      // The next request asks again.
      this.#asked.delete(who.id)
      return []
    })
    if (this.#asked.size >= defaults.rolesHookPeople) this.#asked.clear()
    this.#asked.set(who.id, { until: Date.now() + defaults.rolesHookKept, answer })
    return answer
  }
}
