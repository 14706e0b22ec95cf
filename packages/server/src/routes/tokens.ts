import type { TokenView } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { grantSchema, tokenSchema } from '../openapi/schemas.ts'
import { idParams, router, security } from './router.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/tokens',
  operationId: 'listTokens',
  summary: 'My personal access tokens that hold',
  tags: ['me'],
  security,
  responses: {
    200: json(z.object({ tokens: z.array(tokenSchema) }).openapi('TokenList'), 'Without their secrets'),
    ...problems(401),
  },
})

const createTokenRoute = createRoute({
  method: 'post',
  path: '/tokens',
  operationId: 'createToken',
  summary: 'Make a personal access token',
  description: 'Its secret is in this answer and nowhere else afterwards.',
  tags: ['me'],
  security,
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            name: z.string().trim().min(1).max(100).describe('What it is for'),
            grants: z.array(grantSchema).min(1).default(['read', 'write']),
            days: z.number().positive().max(365).default(90),
          }),
        },
      },
      required: true,
    },
  },
  responses: {
    201: json(tokenSchema.extend({ secret: z.string() }).openapi('NewToken'), 'With its secret'),
    ...problems(400, 401, 403, 409, 415),
  },
})

const revokeRoute = createRoute({
  method: 'delete',
  path: '/tokens/{id}',
  operationId: 'revokeToken',
  summary: 'End a personal access token, at once',
  tags: ['me'],
  security,
  request: { params: idParams },
  responses: { 204: { description: 'It does not hold any more' }, ...problems(401, 404) },
})

/** `GET`, `POST` and `DELETE /tokens`. */
export function tokenRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    c.header('Cache-Control', 'private, no-store')
    return c.json({ tokens: (await engine.people.tokens.list(c.get('principal'))).map(tokenJson) }, 200)
  })
  app.openapi(createTokenRoute, async (c) => {
    const made = await engine.people.tokens.create(c.req.valid('json'), c.get('principal'))
    c.header('Cache-Control', 'no-store')
    return c.json({ ...tokenJson(made), secret: made.secret }, 201)
  })
  app.openapi(revokeRoute, async (c) => {
    await engine.people.tokens.revoke(c.req.valid('param').id, c.get('principal'))
    return c.body(null, 204)
  })
  return app
}

function tokenJson({ createdAt, expiresAt, grants, id, lastUsedAt, name }: TokenView): z.output<typeof tokenSchema> {
  return {
    id,
    name,
    grants,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
