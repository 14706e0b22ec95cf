import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { retentionDoneSchema, retentionPreviewSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const previewRoute = createRoute({
  method: 'get',
  path: '/retention',
  operationId: 'previewRetention',
  summary: 'What retention would remove now',
  tags: ['retention'],
  security,
  responses: { 200: json(retentionPreviewSchema, 'Nothing was removed'), ...problems(401, 403) },
})

const runRoute = createRoute({
  method: 'post',
  path: '/retention/run',
  operationId: 'runRetention',
  summary: 'Remove what is due, as happens every night',
  tags: ['retention'],
  security,
  responses: { 200: json(retentionDoneSchema, 'What was removed'), ...problems(401, 403) },
})

/** `GET /retention` and `POST /retention/run`. */
export function retentionRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(previewRoute, async (c) => {
    const preview = await engine.retentionPreview(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(preview, 200)
  })
  app.openapi(runRoute, async (c) => {
    const done = await engine.retentionRun(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(done, 200)
  })
  return app
}
