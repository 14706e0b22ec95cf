import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { refuseCrossSite } from '../http/cross-site.ts'
import { clearSessionCookie, sessionSecret, setSessionCookie } from '../http/session-cookie.ts'
import { json, problems } from '../openapi/responses.ts'
import { principalSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const signInRoute = createRoute({
  method: 'post',
  path: '/session',
  operationId: 'signIn',
  summary: 'Sign in with a one-time link',
  description: 'Takes the secret of the link, which works once, and sets an HttpOnly cookie.',
  tags: ['me'],
  request: {
    body: {
      content: { 'application/json': { schema: z.strictObject({ link: z.string().min(1).max(200) }) } },
      required: true,
    },
  },
  responses: { 200: json(principalSchema, 'Who is signed in'), ...problems(400, 401, 403, 415) },
})

const signOutRoute = createRoute({
  method: 'delete',
  path: '/session',
  operationId: 'signOut',
  summary: 'Sign out',
  tags: ['me'],
  responses: { 204: { description: 'The session has ended' }, ...problems(403) },
})

const linkRoute = createRoute({
  method: 'post',
  path: '/session/links',
  operationId: 'createSignInLink',
  summary: 'A one-time link that signs me in, in a browser',
  description: 'The secret comes behind the #, which browsers send to nobody, so that no log has it.',
  tags: ['me'],
  security,
  responses: {
    201: json(z.object({ link: z.string().openapi({ example: '/sign-in#errand_link_…' }) }), 'The path of the link'),
    ...problems(401, 403),
  },
})

/** What is asked before anybody is known: `POST` and `DELETE /session`. */
export function sessionRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(signInRoute, async (c) => {
    // Or another site could sign a visitor in as somebody it chose.
    if (c.req.header('authorization') === undefined) refuseCrossSite(c)
    const session = await engine.people.signIn.redeem(c.req.valid('json').link)
    const before = sessionSecret(c)
    if (before !== undefined) await engine.people.signIn.end(before)
    setSessionCookie(c, session)
    c.header('Cache-Control', 'no-store')
    const { id, name, staff } = session.principal
    return c.json({ id, name, staff }, 200)
  })
  app.openapi(signOutRoute, async (c) => {
    refuseCrossSite(c)
    const secret = sessionSecret(c)
    if (secret !== undefined) await engine.people.signIn.end(secret)
    clearSessionCookie(c)
    return c.body(null, 204)
  })
  return app
}

/** `POST /session/links`, for whoever is known already. */
export function signInLinkRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(linkRoute, async (c) => {
    const secret = await engine.people.signIn.createLink(c.get('principal'))
    c.header('Cache-Control', 'no-store')
    return c.json({ link: `/sign-in#${secret}` }, 201)
  })
  return app
}
