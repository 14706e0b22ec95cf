import { type Kysely, sql } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import { hashSecret, newSecret } from './secrets.ts'

/** A session as its holder gets it, once. */
export interface Session {
  /** For an HttpOnly cookie, and nowhere else. */
  secret: string
  principal: Principal
  expiresAt: Date
}

/** Sign-in by a link that works once, and the sessions that come of it. */
export class SignIn {
  readonly #db: Kysely<Tables>

  constructor(db: Kysely<Tables>) {
    this.#db = db
  }

  /** The secret of a link that signs this person in, once, within a quarter of an hour. */
  async createLink(principal: Principal): Promise<string> {
    const secret = newSecret('errand_link_')
    await this.#db
      .insertInto('sign_in_links')
      .values({ hash: hashSecret(secret), principal: JSON.stringify(principal), expires_at: inSeconds('signInLink') })
      .execute()
    return secret
  }

  /**
   * Takes a link's secret for a session. The session's id is always new, so that nobody is led into one that another
   * has prepared.
   *
   * @throws {Problem} `sign-in-link-invalid` for one that was used, is too old, or never was
   */
  async redeem(secret: string): Promise<Session> {
    const session = await this.#db.transaction().execute(async (trx) => {
      const link = await trx
        .deleteFrom('sign_in_links')
        .where('hash', '=', hashSecret(secret))
        .where('expires_at', '>', sql<Date>`now()`)
        .returning('principal')
        .executeTakeFirst()
      return link && start(trx, link.principal)
    })
    if (session !== undefined) return session
    throw new Problem({
      code: 'sign-in-link-invalid',
      status: 401,
      title: 'This sign-in link does not work any more',
      detail: 'It was used, or is too old.',
      hint: 'Ask for a new one: errand login --link prints one where the server runs.',
    })
  }

  /** Whose session it is, while it holds. */
  async find(secret: string): Promise<{ principal: Principal; expiresAt: Date } | undefined> {
    const row = await this.#db
      .selectFrom('sessions')
      .select(['principal', 'expires_at'])
      .where('hash', '=', hashSecret(secret))
      .where('expires_at', '>', sql<Date>`now()`)
      .executeTakeFirst()
    return row && { principal: row.principal, expiresAt: row.expires_at }
  }

  /** Signs out. No error for one that has ended. */
  async end(secret: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('hash', '=', hashSecret(secret)).execute()
  }

  /** Removes what has expired. */
  async sweep(): Promise<void> {
    for (const table of ['sessions', 'sign_in_links'] as const) {
      await this.#db.deleteFrom(table).where('expires_at', '<=', sql<Date>`now()`).execute()
    }
  }
}

async function start(db: Kysely<Tables>, principal: Principal): Promise<Session> {
  const secret = newSecret('errand_session_')
  const { expires_at: expiresAt } = await db
    .insertInto('sessions')
    .values({ hash: hashSecret(secret), principal: JSON.stringify(principal), expires_at: inSeconds('session') })
    .returning('expires_at')
    .executeTakeFirstOrThrow()
  return { secret, principal, expiresAt }
}

function inSeconds(what: 'signInLink' | 'session') {
  return sql<Date>`now() + make_interval(secs => ${defaults[`${what}Seconds`]})`
}
