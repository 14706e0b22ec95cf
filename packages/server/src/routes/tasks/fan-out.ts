import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../../context.ts'
import { json, problems } from '../../openapi/responses.ts'
import { failedItemPageSchema, taskSchema } from '../../openapi/schemas.ts'
import { failedItemPageJson, taskJson } from '../../views.ts'
import { idParams, router, security, wholeNumber } from '../router.ts'

const responses = { 200: json(taskSchema, 'The task'), ...problems(401, 403, 404, 409) }

const pauseRoute = createRoute({
  method: 'post',
  path: '/tasks/{id}/pause',
  operationId: 'pauseTask',
  summary: 'Begin no more items of a task',
  description:
    'What is being worked on ends, which takes some seconds. The task stays open until it is resumed or canceled.',
  tags: ['tasks'],
  security,
  request: { params: idParams },
  responses,
})

const resumeRoute = createRoute({
  method: 'post',
  path: '/tasks/{id}/resume',
  operationId: 'resumeTask',
  summary: 'Go on with the items of a task',
  tags: ['tasks'],
  security,
  request: { params: idParams },
  responses,
})

const concurrencyRoute = createRoute({
  method: 'post',
  path: '/tasks/{id}/concurrency',
  operationId: 'setTaskConcurrency',
  summary: 'Work on more or fewer slices of the items at once',
  tags: ['tasks'],
  security,
  request: {
    params: idParams,
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            concurrency: z.int().min(1).max(1_000).describe('Slices at once, over all workers'),
          }),
        },
      },
      required: true,
    },
  },
  responses: { ...responses, ...problems(400, 413, 415, 422) },
})

const failedItemsRoute = createRoute({
  method: 'get',
  path: '/tasks/{id}/steps/{step}/failed-items',
  operationId: 'listFailedItems',
  summary: 'The items of a step that have failed, in the order of the items',
  description: 'Also while the step is at work. The whole list is in the output `errors` once it is through.',
  tags: ['tasks'],
  security,
  request: {
    params: idParams.extend({ step: z.string().min(1).max(200) }),
    query: z.object({ page_token: z.string().max(100).optional(), limit: wholeNumber(1, 1_000) }),
  },
  responses: { 200: json(failedItemPageSchema, 'One page of them'), ...problems(400, 401, 403, 404) },
})

/** `GET /tasks/{id}/steps/{step}/failed-items`, `POST /tasks/{id}/pause`, `/resume` and `/concurrency`: for tasks with many items. */
export function fanOutRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(failedItemsRoute, async (c) => {
    const { id, step } = c.req.valid('param')
    const { limit, page_token: pageToken } = c.req.valid('query')
    const query = { ...(limit === undefined ? {} : { limit }), ...(pageToken === undefined ? {} : { pageToken }) }
    const page = await engine.failedItems(id, step, query, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(failedItemPageJson(page), 200)
  })
  app.openapi(pauseRoute, async (c) => {
    const task = await engine.pause(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(taskJson(task), 200)
  })
  app.openapi(resumeRoute, async (c) => {
    const task = await engine.resume(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(taskJson(task), 200)
  })
  app.openapi(concurrencyRoute, async (c) => {
    const { concurrency } = c.req.valid('json')
    const task = await engine.setConcurrency(c.req.valid('param').id, concurrency, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json(taskJson(task), 200)
  })
  return app
}
