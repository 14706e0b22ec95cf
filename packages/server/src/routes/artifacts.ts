import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { artifactSchema } from '../openapi/schemas.ts'
import { artifactJson } from '../views.ts'
import { idParams, router, security } from './router.ts'

const getRoute = createRoute({
  method: 'get',
  path: '/artifacts/{id}',
  operationId: 'getArtifact',
  summary: 'Look at an output',
  tags: ['artifacts'],
  security,
  request: { params: idParams },
  responses: { 200: json(artifactSchema, 'The output, also when its file is gone'), ...problems(401, 404) },
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/artifacts/{id}',
  operationId: 'deleteArtifact',
  summary: 'Delete an output',
  tags: ['artifacts'],
  security,
  request: { params: idParams },
  responses: {
    200: json(artifactSchema, 'It is gone; this is what is left to say of it'),
    ...problems(401, 403, 404, 409),
  },
})

/** `GET /artifacts/{id}` and `DELETE /artifacts/{id}`. */
export function artifactRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(getRoute, async (c) => {
    const artifact = await engine.getArtifact(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(artifactJson(artifact), 200)
  })
  app.openapi(deleteRoute, async (c) => {
    const artifact = await engine.deleteArtifact(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(artifactJson(artifact), 200)
  })
  return app
}
