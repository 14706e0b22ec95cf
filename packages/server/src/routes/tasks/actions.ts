import { isFinal } from '@errand/task'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { API_BASE, RETRY_AFTER } from '../../config.ts'
import type { ServerContext, ServerEnv } from '../../context.ts'
import { header, json, problems } from '../../openapi/responses.ts'
import { taskSchema } from '../../openapi/schemas.ts'
import { taskJson } from '../../views.ts'
import { idParams, router, security } from '../router.ts'

const cancelRoute = createRoute({
  method: 'post',
  path: '/tasks/{id}/cancel',
  operationId: 'cancelTask',
  summary: 'Ask a task to end',
  description: 'Answers 202 while its running steps are ending, and 200 when it is over, also when it was over before.',
  tags: ['tasks'],
  security,
  request: { params: idParams },
  responses: {
    200: json(taskSchema, 'It is over'),
    202: json(taskSchema, 'It is ending'),
    ...problems(401, 403, 404),
  },
})

const retryRoute = createRoute({
  method: 'post',
  path: '/tasks/{id}/retry',
  operationId: 'runTaskAgain',
  summary: 'Run a task again',
  description:
    'Starts a new task with the same input and files, linked to the old one. With `failed_items=true` its steps with many items do only those that failed.',
  tags: ['tasks'],
  security,
  request: {
    params: idParams,
    query: z.object({ failed_items: z.enum(['true', 'false']).optional().describe('Only the items that failed') }),
  },
  responses: {
    200: { ...json(taskSchema, 'Such a task was there already'), headers: { Location: header('Where it is') } },
    202: {
      ...json(taskSchema, 'The new task'),
      headers: { Location: header('Where it is'), 'Retry-After': header('Seconds after which to ask again') },
    },
    ...problems(400, 401, 403, 404, 409, 422),
  },
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/tasks/{id}',
  operationId: 'deleteTask',
  summary: 'Delete a task that is over',
  description: 'Its files and its history go with it, and cannot be brought back.',
  tags: ['tasks'],
  security,
  request: { params: idParams },
  responses: { 204: { description: 'It is gone' }, ...problems(401, 403, 404, 409, 503) },
})

/** `POST /tasks/{id}/cancel`, `POST /tasks/{id}/retry` and `DELETE /tasks/{id}`. */
export function actionRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(cancelRoute, async (c) => {
    const task = await engine.cancel(c.req.valid('param').id, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return isFinal('task', task.state) ? c.json(taskJson(task), 200) : c.json(taskJson(task), 202)
  })
  app.openapi(deleteRoute, async (c) => {
    await engine.deleteTask(c.req.valid('param').id, c.get('principal'))
    return c.body(null, 204)
  })
  app.openapi(retryRoute, async (c) => {
    const { task, created } = await engine.runAgain(c.req.valid('param').id, c.get('principal'), {
      failedItems: c.req.valid('query').failed_items === 'true',
    })
    c.header('Location', `${API_BASE}/tasks/${task.id}`)
    c.header('Cache-Control', 'private, no-store')
    if (!created) return c.json(taskJson(task), 200)
    c.header('Retry-After', String(RETRY_AFTER))
    return c.json(taskJson(task), 202)
  })
  return app
}
