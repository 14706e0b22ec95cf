import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { statusSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const route = createRoute({
  method: 'get',
  path: '/status',
  operationId: 'getStatus',
  summary: 'Whether work moves, and if not, which and why; for staff',
  tags: ['operations'],
  security,
  responses: { 200: json(statusSchema, 'How the service stands'), ...problems(401, 403) },
})

/** `GET /status`. */
export function statusRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, async (c) => {
    const status = await engine.status(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ ...status, now: status.now.toISOString() }, 200)
  })
  return app
}
