import { type Kysely, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Grant, Principal } from '../types.ts'
import { isId } from './policy.ts'
import { hashSecret, newSecret } from './secrets.ts'

/** What a personal access token begins with, so that scanners of secrets find one that was lost. */
export const TOKEN_PREFIX = 'errand_pat_'

/** A token as its holder sees it afterwards: without its secret. */
export interface TokenView {
  id: string
  name: string
  grants: Grant[]
  createdAt: Date
  expiresAt: Date
  lastUsedAt: Date | null
}

/** Personal access tokens: shown once, kept as a hash, expiring, revocable. */
export class Tokens {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /**
   * A new token for whoever asks.
   *
   * @param request.days - how long it holds; at most a year
   * @throws {Problem} `token-too-strong` when it could do more than the credentials with which it is asked for;
   *   `too-many-tokens`
   */
  async create(
    request: { name: string; grants: readonly Grant[]; days: number },
    who: Principal,
  ): Promise<TokenView & { secret: string }> {
    const beyond = request.grants.filter((grant) => who.grants?.includes(grant) === false)
    if (beyond.length > 0 || who.actor !== undefined) throw tooStrong(beyond)
    const count = (await this.list(who)).length
    if (count >= defaults.tokensPerPerson) throw tooMany()
    const secret = newSecret(TOKEN_PREFIX)
    const days = Math.min(request.days, defaults.tokenDays)
    const { grants: _grants, ...holder } = who
    const row = await this.#db
      .insertInto('tokens')
      .values({
        id: uuidv7(),
        hash: hashSecret(secret),
        principal: who.id,
        holder: JSON.stringify(holder),
        name: request.name,
        scopes: JSON.stringify([...new Set(request.grants)]),
        expires_at: sql<Date>`now() + make_interval(secs => ${days * 86_400})`,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return { ...viewOf(row), secret }
  }

  /** Those that still hold, newest first. */
  async list(who: Principal): Promise<TokenView[]> {
    const rows = await this.#db
      .selectFrom('tokens')
      .selectAll()
      .where('principal', '=', who.id)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      .orderBy('id', 'desc')
      .execute()
    return rows.map(viewOf)
  }

  /** Ends a token, at once. @throws {Problem} `token-unknown`, also for somebody else's */
  async revoke(id: string, who: Principal): Promise<void> {
    const { numUpdatedRows } = isId(id)
      ? await this.#db
          .updateTable('tokens')
          .set({ revoked_at: sql<Date>`now()` })
          .where('id', '=', id)
          .where('principal', '=', who.id)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
      : { numUpdatedRows: 0n }
    if (numUpdatedRows === 0n) throw tokenUnknown(id)
  }

  /** Whose token it is, while it holds. */
  async find(secret: string): Promise<Principal | undefined> {
    const row = await this.#db
      .selectFrom('tokens')
      .select(['id', 'holder', 'scopes', 'last_used_at'])
      .where('hash', '=', hashSecret(secret))
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      .executeTakeFirst()
    if (row === undefined) return undefined
    // To the minute is enough to see which are in use, and spares a write with each request.
    if (row.last_used_at === null || row.last_used_at.getTime() < Date.now() - 60_000) {
      await this.#db.updateTable('tokens').set({ last_used_at: sql<Date>`now()` }).where('id', '=', row.id).execute()
    }
    return { ...row.holder, grants: row.scopes }
  }
}

interface TokenRow {
  id: string
  name: string
  scopes: Grant[]
  created_at: Date
  expires_at: Date
  last_used_at: Date | null
}

function viewOf(row: TokenRow): TokenView {
  const { created_at, expires_at, id, last_used_at, name, scopes } = row
  return { id, name, grants: scopes, createdAt: created_at, expiresAt: expires_at, lastUsedAt: last_used_at }
}

function tooStrong(beyond: readonly Grant[]): Problem {
  return new Problem({
    code: 'token-too-strong',
    status: 403,
    title: 'The token would be able to do more than you are',
    detail: beyond.length > 0 ? `You are here without ${beyond.join(', ')}.` : 'You are acting for somebody else.',
    hint: 'Leave out what you may not do yourself, or sign in as yourself.',
  })
}

function tooMany(): Problem {
  return new Problem({
    code: 'too-many-tokens',
    status: 409,
    title: 'You have too many tokens',
    detail: `One person may have ${defaults.tokensPerPerson}.`,
    hint: 'Revoke those that are not used any more.',
  })
}

function tokenUnknown(id: string): Problem {
  return new Problem({
    code: 'token-unknown',
    status: 404,
    title: 'There is no such token',
    detail: `No token ${id} of yours holds.`,
    hint: 'Check the id; "errand tokens list" shows yours.',
  })
}
