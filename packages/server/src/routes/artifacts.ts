import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { accessSchema, artifactSchema, usageSchema } from '../openapi/schemas.ts'
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

const extendRoute = createRoute({
  method: 'post',
  path: '/artifacts/{id}/extend',
  operationId: 'extendArtifact',
  summary: 'Keep an output for longer',
  description: 'Never shortens the time. A file that may be downloaded once is gone after that all the same.',
  tags: ['artifacts'],
  security,
  request: {
    params: idParams,
    body: {
      content: {
        'application/json': {
          schema: z.object({ until: z.iso.datetime({ offset: true }) }).openapi('ExtendArtifact'),
        },
      },
      required: true,
    },
  },
  responses: {
    200: json(artifactSchema, 'The output, with its new end'),
    ...problems(400, 401, 404, 409, 410, 422),
  },
})

const accessesRoute = createRoute({
  method: 'get',
  path: '/artifacts/{id}/accesses',
  operationId: 'listArtifactAccesses',
  summary: 'Who downloaded, extended or deleted an output',
  tags: ['artifacts'],
  security,
  request: { params: idParams },
  responses: {
    200: json(z.object({ accesses: z.array(accessSchema) }).openapi('AccessList'), 'The newest first'),
    ...problems(401, 404),
  },
})

const usageRoute = createRoute({
  method: 'get',
  path: '/storage',
  operationId: 'getStorageUsage',
  summary: 'Storage in use',
  tags: ['artifacts'],
  security,
  responses: {
    200: json(z.object({ scopes: z.array(usageSchema) }).openapi('StorageUsage'), 'The scopes that take most'),
    ...problems(401, 403),
  },
})

/** `GET` and `DELETE /artifacts/{id}`, how long it is kept, who had it, and what all of them take. */
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
  app.openapi(extendRoute, async (c) => {
    const until = new Date(c.req.valid('json').until)
    const artifact = await engine.extendArtifact(c.req.valid('param').id, until, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(artifactJson(artifact), 200)
  })
  app.openapi(accessesRoute, async (c) => {
    const accesses = await engine.artifactAccesses(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ accesses: accesses.map((access) => ({ ...access, at: access.at.toISOString() })) }, 200)
  })
  app.openapi(usageRoute, async (c) => {
    const scopes = await engine.storageUsage(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ scopes }, 200)
  })
  return app
}
