import type { Engine, Principal, TaskView } from '@errand/engine'
import { isFinal } from '@errand/task'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { API_BASE, RETRY_AFTER } from '../../config.ts'
import type { ServerContext, ServerEnv } from '../../context.ts'
import { preferredWait } from '../../http/wait.ts'
import { header, json, problems } from '../../openapi/responses.ts'
import { submitSchema, taskSchema } from '../../openapi/schemas.ts'
import { taskJson } from '../../views.ts'
import { router, security } from '../router.ts'

const acceptedHeaders = {
  Location: header('Where the task is'),
  'Retry-After': header('Seconds after which to ask again'),
  'Preference-Applied': header('wait=N, when it was waited for'),
}

const route = createRoute({
  method: 'post',
  path: '/tasks',
  operationId: 'submitTask',
  summary: 'Start a task',
  description:
    'Answers 202 as soon as the task is recorded, or, with `Prefer: wait=N`, once it is over or N seconds (at most 10) have passed. ' +
    'Answers 200 when the task is over, or when it was there already.',
  tags: ['tasks'],
  security,
  request: {
    headers: z.object({
      'idempotency-key': z.string().min(1).max(255).optional().describe('Two requests with one key are one task'),
      prefer: z.string().max(255).optional().openapi({ example: 'wait=10' }),
      traceparent: z.string().max(255).optional().describe('W3C trace context that the task is to belong to'),
      'errand-client': z.enum(['api', 'cli', 'web']).optional().describe('What the person uses; default api'),
    }),
    body: { content: { 'application/json': { schema: submitSchema } }, required: true },
  },
  responses: {
    200: { ...json(taskSchema, 'It is over, or was there already'), headers: acceptedHeaders },
    202: { ...json(taskSchema, 'It is recorded'), headers: acceptedHeaders },
    ...problems(400, 401, 403, 404, 409, 413, 415, 422),
  },
})

/** `POST /tasks`. */
export function submitRoutes({ engine, stopping }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(route, async (c) => {
    const body = c.req.valid('json')
    const headers = c.req.valid('header')
    const key = headers['idempotency-key']
    const who = c.get('principal')
    const { task: submitted, created } = await engine.submit(
      {
        definition: body.definition,
        input: body.input,
        origin: { by: headers['errand-client'] ?? 'api' },
        ...(body.version === undefined ? {} : { version: body.version }),
        ...(body.uploads === undefined ? {} : { uploads: body.uploads }),
        ...(body.conflict === undefined ? {} : { conflict: body.conflict }),
        ...(key === undefined ? {} : { idempotencyKey: key }),
        ...(headers.traceparent === undefined ? {} : { traceparent: headers.traceparent }),
      },
      who,
    )
    const wait = preferredWait(headers.prefer)
    const task =
      wait === undefined
        ? submitted
        : await taskAfter(engine, submitted, who, wait, AbortSignal.any([stopping, c.req.raw.signal]))
    c.header('Location', `${API_BASE}/tasks/${task.id}`)
    c.header('Cache-Control', 'private, no-store')
    if (wait !== undefined) c.header('Preference-Applied', `wait=${wait}`)
    if (isFinal('task', task.state)) return c.json(taskJson(task), 200)
    c.header('Retry-After', String(RETRY_AFTER))
    return created ? c.json(taskJson(task), 202) : c.json(taskJson(task), 200)
  })
  return app
}

/** The task when it is over, or as it is after `seconds`. */
async function taskAfter(
  engine: Engine,
  task: TaskView,
  who: Principal,
  seconds: number,
  ended: AbortSignal,
): Promise<TaskView> {
  if (seconds === 0 || isFinal('task', task.state)) return task
  const timeout = AbortSignal.timeout(seconds * 1_000)
  const signal = AbortSignal.any([timeout, ended])
  let last = task
  try {
    for await (const event of engine.watchTask(task.id, who, { after: task.sequence, signal })) {
      if (event.type !== 'task') continue
      last = event.task
      if (isFinal('task', last.state)) return last
    }
  } catch (error) {
    // The task is recorded: whoever waits is told so even when watching it fails at the time limit.
    if (!signal.aborted) throw error
  }
  return last
}
