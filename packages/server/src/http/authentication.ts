import { Problem } from '@errand/engine'
import { createMiddleware } from 'hono/factory'
import type { Authenticate, ServerEnv } from '../context.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Lets nobody pass whom `authenticate` does not know, and no page of another site act in a person's name. */
export function authentication(authenticate: Authenticate) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const principal = await authenticate(c.req.raw)
    if (!principal) {
      throw new Problem({
        code: 'unauthenticated',
        status: 401,
        title: 'You are not signed in',
        detail:
          c.req.header('authorization') === undefined ? 'The request carries no token.' : 'The token is not valid.',
        hint: 'Sign in, or send a valid token in the Authorization header.',
      })
    }
    // A bearer token is never sent by the browser on its own; whatever else identified the caller may be a cookie.
    const ambient = !/^Bearer /i.test(c.req.header('authorization') ?? '')
    if (ambient && !SAFE.has(c.req.method) && c.req.header('sec-fetch-site') === 'cross-site') {
      throw new Problem({
        code: 'cross-site',
        status: 403,
        title: 'Another site cannot do this in your name',
        detail: `The request came from ${c.req.header('origin') ?? 'another site'}.`,
        hint: 'Do it here, or with a token.',
      })
    }
    c.set('principal', principal)
    c.set('log', c.get('log').child({ principal: principal.id }))
    await next()
  })
}
