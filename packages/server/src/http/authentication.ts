import { actorOf, type Engine, type Principal, Problem } from '@errand/engine'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Authenticate, ServerEnv } from '../context.ts'
import { refuseCrossSite } from './cross-site.ts'
import { sessionSecret } from './session-cookie.ts'

/** Names the person in whose place staff act. */
const ACTING_FOR = 'errand-acting-for'

/**
 * Lets nobody pass whom neither a session nor `authenticate` knows. Whoever sends an Authorization header is known by
 * that alone: a browser never sends one on its own, so only without it another site is to be feared.
 *
 * @param trusted - origins whose pages may act in a person's name all the same
 */
export function authentication(engine: Engine, authenticate: Authenticate, trusted: readonly string[] = []) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const authorized = c.req.header('authorization') !== undefined
    const principal = (authorized ? null : await fromSession(engine, c)) ?? (await authenticate(c.req.raw))
    if (!principal) {
      throw new Problem({
        code: 'unauthenticated',
        status: 401,
        title: 'You are not signed in',
        detail: authorized ? 'The token is not valid.' : 'The request carries no token, and no session that holds.',
        hint: 'Sign in, or send a valid token in the Authorization header.',
      })
    }
    if (!authorized) refuseCrossSite(c, trusted)
    const person = c.req.header(ACTING_FOR)
    const who = person === undefined ? principal : await engine.people.record.actFor(principal, person)
    c.set('principal', who)
    c.set('log', c.get('log').child({ principal: actorOf(who) }))
    await next()
  })
}

async function fromSession(engine: Engine, c: Context<ServerEnv>): Promise<Principal | null> {
  const secret = sessionSecret(c)
  const session = secret === undefined ? undefined : await engine.people.signIn.find(secret)
  if (session === undefined) return null
  c.set('sessionExpiresAt', session.expiresAt)
  return session.principal
}
