import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { membershipSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const principal = z.string().min(1).max(255)
const scope = z.string().min(1).max(1_000)

const listRoute = createRoute({
  method: 'get',
  path: '/memberships',
  operationId: 'listMemberships',
  summary: 'Who has which role; for staff',
  tags: ['people'],
  security,
  request: { query: z.object({ principal: principal.optional(), scope: scope.optional() }) },
  responses: {
    200: json(
      z.object({ memberships: z.array(membershipSchema) }).openapi('MembershipList'),
      'Those that the record keeps; at most 1,000',
    ),
    ...problems(400, 401, 403),
  },
})

const grantRoute = createRoute({
  method: 'put',
  path: '/memberships',
  operationId: 'grantMembership',
  summary: 'Give somebody a role in a scope; for staff',
  tags: ['people'],
  security,
  request: { body: { content: { 'application/json': { schema: membershipSchema.strict() } }, required: true } },
  responses: { 204: { description: 'It is given' }, ...problems(400, 401, 403, 415) },
})

const withdrawRoute = createRoute({
  method: 'delete',
  path: '/memberships',
  operationId: 'withdrawMembership',
  summary: 'Take a role away; for staff',
  description: 'What runs on it stops when its next step is to begin, and its outputs cannot be downloaded any more.',
  tags: ['people'],
  security,
  request: { query: z.object({ principal, scope }) },
  responses: { 204: { description: 'It is gone' }, ...problems(400, 401, 403) },
})

/** `GET`, `PUT` and `DELETE /memberships`. */
export function membershipRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    const memberships = await engine.people.record.memberships(c.req.valid('query'), c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ memberships }, 200)
  })
  app.openapi(grantRoute, async (c) => {
    const { principal, ...role } = c.req.valid('json')
    await engine.people.record.grant(principal, role, c.get('principal'))
    return c.body(null, 204)
  })
  app.openapi(withdrawRoute, async (c) => {
    const { principal, scope } = c.req.valid('query')
    await engine.people.record.withdraw(principal, scope, c.get('principal'))
    return c.body(null, 204)
  })
  return app
}
