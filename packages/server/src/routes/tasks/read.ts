import { createHash } from 'node:crypto'
import { taskStates } from '@errand/task'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { RETRY_AFTER } from '../../config.ts'
import type { ServerContext, ServerEnv } from '../../context.ts'
import { noneMatch, strongTag } from '../../http/etag.ts'
import { header, json, problems } from '../../openapi/responses.ts'
import { taskPageSchema, taskSchema } from '../../openapi/schemas.ts'
import { taskJson, taskSummaryJson } from '../../views.ts'
import { idParams, router, security, wholeNumber } from '../router.ts'

const stateList = z
  .preprocess(
    // `?state=running&state=pending` and `?state=running,pending` are both how people write a list.
    (value) => (value === undefined ? undefined : [value].flat().flatMap((one) => String(one).split(','))),
    z.array(z.enum(taskStates)).optional(),
  )
  .openapi({
    param: { style: 'form', explode: true },
    type: 'array',
    items: { type: 'string', enum: taskStates },
  })

const listRoute = createRoute({
  method: 'get',
  path: '/tasks',
  operationId: 'listTasks',
  summary: 'List tasks, newest first',
  tags: ['tasks'],
  security,
  request: {
    query: z.object({
      state: stateList,
      definition: z.string().max(100).optional(),
      scope: z.string().max(500).optional(),
      owner: z.string().max(255).optional().describe('A principal id, or `me`'),
      created_from: z.iso.datetime({ offset: true }).optional().describe('Asked for then or later'),
      created_before: z.iso.datetime({ offset: true }).optional().describe('Asked for before that'),
      q: z.string().max(200).optional().describe('Beginnings of words in the title, the scope or the id'),
      page_token: z.string().max(2_000).optional(),
      limit: wholeNumber(1, 200),
    }),
  },
  responses: { 200: json(taskPageSchema, 'One page of tasks'), ...problems(400, 401) },
})

const getRoute = createRoute({
  method: 'get',
  path: '/tasks/{id}',
  operationId: 'getTask',
  summary: 'Look at a task',
  tags: ['tasks'],
  security,
  request: {
    params: idParams,
    headers: z.object({ 'if-none-match': z.string().max(1_000).optional() }),
  },
  responses: {
    200: {
      ...json(taskSchema, 'The task'),
      headers: { ETag: header('Changes with whatever is shown'), 'Retry-After': header('While it is not over') },
    },
    304: { description: 'It is as the client has it' },
    ...problems(401, 404),
  },
})

/** `GET /tasks` and `GET /tasks/{id}`. */
export function readRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    const query = c.req.valid('query')
    const { created_before: before, created_from: from, definition, limit, owner, page_token: pageToken } = query
    const { q, scope, state } = query
    const who = c.get('principal')
    const page = await engine.listTasks(
      {
        ...(state === undefined ? {} : { state }),
        ...(definition === undefined ? {} : { definition }),
        ...(scope === undefined ? {} : { scope }),
        ...(owner === undefined ? {} : { owner: owner === 'me' ? who.id : owner }),
        ...(from === undefined ? {} : { createdFrom: new Date(from) }),
        ...(before === undefined ? {} : { createdBefore: new Date(before) }),
        ...(q === undefined ? {} : { q }),
        ...(pageToken === undefined ? {} : { pageToken }),
        ...(limit === undefined ? {} : { limit }),
      },
      who,
    )
    c.header('Cache-Control', 'private, no-store')
    return c.json({ tasks: page.tasks.map(taskSummaryJson), nextPageToken: page.nextPageToken }, 200)
  })
  app.openapi(getRoute, async (c) => {
    const task = await engine.getTask(c.req.valid('param').id, c.get('principal'))
    const shown = taskJson(task)
    // The sequence alone is not enough: progress, and who serves it, change without a transition.
    const digest = createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22)
    const tag = strongTag(`${task.sequence}-${digest}`)
    c.header('ETag', tag)
    c.header('Cache-Control', 'private, no-cache')
    c.header('Vary', 'Authorization, Cookie')
    if (task.finishedAt === null) c.header('Retry-After', String(RETRY_AFTER))
    if (noneMatch(c.req.valid('header')['if-none-match'], tag)) return c.body(null, 304)
    return c.json(shown, 200)
  })
  return app
}
