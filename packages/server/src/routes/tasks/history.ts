import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../../context.ts'
import { json, problems } from '../../openapi/responses.ts'
import { logLineSchema, transitionSchema } from '../../openapi/schemas.ts'
import { logLineJson, transitionJson } from '../../views.ts'
import { idParams, router, security, wholeNumber } from '../router.ts'

const after = wholeNumber(0)

const transitionsRoute = createRoute({
  method: 'get',
  path: '/tasks/{id}/transitions',
  operationId: 'listTransitions',
  summary: 'What has happened to a task, in order',
  tags: ['tasks'],
  security,
  request: { params: idParams, query: z.object({ after: after.describe('Only what followed this sequence number') }) },
  responses: {
    200: json(z.object({ transitions: z.array(transitionSchema) }).openapi('TransitionList'), 'The transitions'),
    ...problems(400, 401, 404),
  },
})

const logsRoute = createRoute({
  method: 'get',
  path: '/tasks/{id}/logs',
  operationId: 'listLogs',
  summary: 'The activity log of a task, in order',
  tags: ['tasks'],
  security,
  request: { params: idParams, query: z.object({ after: after.describe('Only what followed the line with this id') }) },
  responses: {
    200: json(z.object({ lines: z.array(logLineSchema) }).openapi('LogLineList'), 'The lines'),
    ...problems(400, 401, 404),
  },
})

/** `GET /tasks/{id}/transitions` and `GET /tasks/{id}/logs`. */
export function historyRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(transitionsRoute, async (c) => {
    const transitions = await engine.transitions(
      c.req.valid('param').id,
      c.get('principal'),
      c.req.valid('query').after ?? 0,
    )
    c.header('Cache-Control', 'private, no-store')
    return c.json({ transitions: transitions.map(transitionJson) }, 200)
  })
  app.openapi(logsRoute, async (c) => {
    const lines = await engine.logs(c.req.valid('param').id, c.get('principal'), c.req.valid('query').after ?? 0)
    c.header('Cache-Control', 'private, no-store')
    return c.json({ lines: lines.map(logLineJson) }, 200)
  })
  return app
}
