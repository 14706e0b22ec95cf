import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { meSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const route = createRoute({
  method: 'get',
  path: '/me',
  operationId: 'getMe',
  summary: 'Who I am here, and what I may',
  tags: ['me'],
  security,
  responses: { 200: json(meSchema, 'Whoever sent the request'), ...problems(401) },
})

/** `GET /me`. */
export function meRoutes(): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, (c) => {
    const { id, name, staff, grants = ['read', 'write', 'administer'], actor = null } = c.get('principal')
    c.header('Cache-Control', 'private, no-store')
    const session = c.get('sessionExpiresAt')
    return c.json(
      {
        id,
        name,
        staff,
        may: {
          read: grants.includes('read'),
          write: grants.includes('write'),
          administer: staff && grants.includes('administer'),
        },
        actor,
        session: session === undefined ? null : { expiresAt: session.toISOString() },
      },
      200,
    )
  })
  return app
}
