import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { workerSchema } from '../openapi/schemas.ts'
import { workerJson } from '../views.ts'
import { router, security } from './router.ts'

const route = createRoute({
  method: 'get',
  path: '/workers',
  operationId: 'listWorkers',
  summary: 'Who serves what, and what each is at; which tasks those are, for staff',
  tags: ['workers'],
  security,
  responses: {
    200: json(z.object({ workers: z.array(workerSchema) }).openapi('WorkerList'), 'The workers'),
    ...problems(401, 403),
  },
})

/** `GET /workers`. */
export function workerRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, async (c) => {
    const workers = await engine.workers(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ workers: workers.map(workerJson) }, 200)
  })
  return app
}
