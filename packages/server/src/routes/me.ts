import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { principalSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const route = createRoute({
  method: 'get',
  path: '/me',
  operationId: 'getMe',
  summary: 'Who I am here',
  tags: ['me'],
  security,
  responses: { 200: json(principalSchema, 'Whoever sent the request'), ...problems(401) },
})

/** `GET /me`. */
export function meRoutes(): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, (c) => {
    const { id, name, staff } = c.get('principal')
    c.header('Cache-Control', 'private, no-store')
    return c.json({ id, name, staff }, 200)
  })
  return app
}
