import type { ScheduleView } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { scheduleSchema } from '../openapi/schemas.ts'
import { router, security } from './router.ts'

const nameParams = z.object({ name: z.string().min(1).max(100) })

const listRoute = createRoute({
  method: 'get',
  path: '/schedules',
  operationId: 'listSchedules',
  summary: 'What runs by cron; for staff',
  tags: ['schedules'],
  security,
  responses: {
    200: json(z.object({ schedules: z.array(scheduleSchema) }).openapi('ScheduleList'), 'By name'),
    ...problems(401, 403),
  },
})

const createScheduleRoute = createRoute({
  method: 'post',
  path: '/schedules',
  operationId: 'createSchedule',
  summary: 'Let a definition run by cron; for staff',
  description: 'Its task is checked as if it were started now, by the service principal that is to start it.',
  tags: ['schedules'],
  security,
  request: {
    body: {
      content: {
        'application/json': {
          schema: z
            .strictObject({
              name: z.string().min(1).max(100).openapi({ example: 'nightly-export' }),
              definition: z.string().min(1).max(100).openapi({ example: 'course.export' }),
              input: z.record(z.string(), z.unknown()).default({}),
              cron: z
                .string()
                .min(1)
                .max(200)
                .describe('Five fields: minute, hour, day of the month, month, day of the week')
                .openapi({ example: '30 2 * * 1-5' }),
              timeZone: z.string().min(1).max(100).default('UTC').describe('IANA'),
              principal: z
                .string()
                .min(1)
                .max(100)
                .default('scheduler')
                .describe('The name of the service principal that starts its tasks; its id is `service:` and the name'),
            })
            .openapi('CreateSchedule'),
        },
      },
      required: true,
    },
  },
  responses: { 201: json(scheduleSchema, 'It is there'), ...problems(400, 401, 403, 404, 409, 415, 422) },
})

const removeRoute = createRoute({
  method: 'delete',
  path: '/schedules/{name}',
  operationId: 'removeSchedule',
  summary: 'Start nothing more by it; for staff',
  description: 'The tasks that it has started stay.',
  tags: ['schedules'],
  security,
  request: { params: nameParams },
  responses: { 204: { description: 'It is gone' }, ...problems(401, 403, 404) },
})

const pauseRoute = createRoute({
  method: 'post',
  path: '/schedules/{name}/pause',
  operationId: 'pauseSchedule',
  summary: 'Start nothing by it until it is resumed; for staff',
  tags: ['schedules'],
  security,
  request: { params: nameParams },
  responses: { 200: json(scheduleSchema, 'It is paused'), ...problems(401, 403, 404) },
})

const resumeRoute = createRoute({
  method: 'post',
  path: '/schedules/{name}/resume',
  operationId: 'resumeSchedule',
  summary: 'Go on with its next time; for staff',
  description: 'What was due while it was paused is not made up for.',
  tags: ['schedules'],
  security,
  request: { params: nameParams },
  responses: { 200: json(scheduleSchema, 'It goes on'), ...problems(401, 403, 404) },
})

/** `GET` and `POST /schedules`, `DELETE /schedules/{name}`, and `POST …/pause` and `…/resume`. */
export function scheduleRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    c.header('Cache-Control', 'private, no-store')
    return c.json({ schedules: (await engine.schedules.list(c.get('principal'))).map(scheduleJson) }, 200)
  })
  app.openapi(createScheduleRoute, async (c) =>
    c.json(scheduleJson(await engine.schedules.create(c.req.valid('json'), c.get('principal'))), 201),
  )
  app.openapi(removeRoute, async (c) => {
    await engine.schedules.remove(c.req.valid('param').name, c.get('principal'))
    return c.body(null, 204)
  })
  app.openapi(pauseRoute, async (c) =>
    c.json(scheduleJson(await engine.schedules.pause(c.req.valid('param').name, c.get('principal'))), 200),
  )
  app.openapi(resumeRoute, async (c) =>
    c.json(scheduleJson(await engine.schedules.resume(c.req.valid('param').name, c.get('principal'))), 200),
  )
  return app
}

function scheduleJson(schedule: ScheduleView): z.output<typeof scheduleSchema> {
  const { createdAt, last, nextAt, pausedAt } = schedule
  return {
    ...schedule,
    nextAt: nextAt?.toISOString() ?? null,
    pausedAt: pausedAt?.toISOString() ?? null,
    last: last && { dueAt: last.dueAt.toISOString(), taskId: last.taskId },
    createdAt: createdAt.toISOString(),
  }
}
