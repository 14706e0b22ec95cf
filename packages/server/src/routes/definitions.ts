import { type DefinitionView, Problem } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { allowanceSchema, definitionSchema } from '../openapi/schemas.ts'
import { definitionJson } from '../views.ts'
import { router, security, wholeNumber } from './router.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/definitions',
  operationId: 'listDefinitions',
  summary: 'What tasks there are, in every version',
  tags: ['definitions'],
  security,
  responses: {
    200: json(z.object({ definitions: z.array(definitionSchema) }).openapi('DefinitionList'), 'The definitions'),
    ...problems(401),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/definitions/{name}',
  operationId: 'getDefinition',
  summary: 'Look at one definition',
  tags: ['definitions'],
  security,
  request: {
    params: z.object({ name: z.string().min(1).max(100) }),
    query: z.object({
      version: wholeNumber(1).describe('Default: the promoted version'),
    }),
  },
  responses: { 200: json(definitionSchema, 'The definition'), ...problems(400, 401, 404) },
})

const allowanceRoute = createRoute({
  method: 'get',
  path: '/definitions/{name}/allowance',
  operationId: 'getAllowance',
  summary: 'Whether I may start it, and how far its limits are used up',
  tags: ['definitions'],
  security,
  request: {
    params: z.object({ name: z.string().min(1).max(100) }),
    query: z.object({ scope: z.string().max(1_000).default('').describe('What the task would be about') }),
  },
  responses: { 200: json(allowanceSchema, 'What I may start'), ...problems(400, 401, 404) },
})

const versionParams = z.object({
  name: z.string().min(1).max(100),
  version: z.coerce.number().int().min(1).max(2_147_483_647),
})

const promoteRoute = createRoute({
  method: 'post',
  path: '/definitions/{name}/{version}/promote',
  operationId: 'promoteDefinition',
  summary: 'Give new tasks this version; for staff',
  description: 'Tasks that are there keep theirs. Rolling back is promoting the old version.',
  tags: ['definitions'],
  security,
  request: { params: versionParams },
  responses: { 200: json(definitionSchema, 'It is promoted'), ...problems(400, 401, 403, 404) },
})

const retireRoute = createRoute({
  method: 'post',
  path: '/definitions/{name}/{version}/retire',
  operationId: 'retireDefinition',
  summary: 'Let nothing new begin on this version; for staff',
  description: 'Refused while it is the promoted one or anything is open on it, saying what.',
  tags: ['definitions'],
  security,
  request: { params: versionParams },
  responses: { 200: json(definitionSchema, 'It is retired'), ...problems(400, 401, 403, 404, 409) },
})

/** `GET /definitions`, `GET /definitions/{name}`, and `POST …/{version}/promote` and `…/retire`. */
export function definitionRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    const definitions = await engine.definitions(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ definitions: definitions.map(definitionJson) }, 200)
  })
  app.openapi(getRoute, async (c) => {
    const { name } = c.req.valid('param')
    const { version } = c.req.valid('query')
    const who = c.get('principal')
    const [found] = await engine.definitions(who, {
      name,
      ...(version === undefined ? { promoted: true } : { version }),
    })
    if (!found) throw unknown(name, version, await engine.definitions(who))
    c.header('Cache-Control', 'private, no-store')
    return c.json(definitionJson(found), 200)
  })
  app.openapi(allowanceRoute, async (c) => {
    const { mayStart, limits, refusal } = await engine.allowance(
      c.req.valid('param').name,
      c.req.valid('query').scope,
      c.get('principal'),
    )
    c.header('Cache-Control', 'private, no-store')
    return c.json(
      {
        mayStart,
        refusal,
        limits: limits.map((limit) => ({ ...limit, freesAt: limit.freesAt?.toISOString() ?? null })),
      },
      200,
    )
  })
  app.openapi(promoteRoute, async (c) => {
    const { name, version } = c.req.valid('param')
    return c.json(definitionJson(await engine.promote(name, version, c.get('principal'))), 200)
  })
  app.openapi(retireRoute, async (c) => {
    const { name, version } = c.req.valid('param')
    return c.json(definitionJson(await engine.retire(name, version, c.get('principal'))), 200)
  })
  return app
}

function unknown(name: string, version: number | undefined, all: readonly DefinitionView[]): Problem {
  const versions = all.filter((definition) => definition.name === name)
  const names = [...new Set(all.map((definition) => definition.name))].sort()
  return new Problem({
    code: 'definition-unknown',
    status: 404,
    title: 'There is no such task definition',
    detail:
      version === undefined ? `Nothing is promoted under the name ${name}.` : `${name} has no version ${version}.`,
    hint:
      versions.length > 0
        ? `Versions of ${name}: ${versions.map((one) => one.version).join(', ')}.`
        : names.length > 0
          ? `There are: ${names.join(', ')}.`
          : 'No worker has registered a definition yet; start one.',
  })
}
