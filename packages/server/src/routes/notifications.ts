import type { NotificationView } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { notificationSchema } from '../openapi/schemas.ts'
import { router, security, wholeNumber } from './router.ts'

const unreadSchema = z.object({ unread: z.int() }).openapi('Unread')

const listRoute = createRoute({
  method: 'get',
  path: '/notifications',
  operationId: 'listNotifications',
  summary: 'My inbox, newest first',
  tags: ['notifications'],
  security,
  request: {
    query: z.object({
      unread: z.enum(['true', 'false']).optional(),
      page_token: z.string().max(2_000).optional(),
      limit: wholeNumber(1, 200),
    }),
  },
  responses: {
    200: json(
      z
        .object({
          notifications: z.array(notificationSchema),
          nextPageToken: z.string().nullable().describe('`null` on the last page'),
          unread: z.int().describe('In all'),
        })
        .openapi('NotificationPage'),
      'One page, and how many are unread',
    ),
    ...problems(400, 401, 403),
  },
})

const readRoute = createRoute({
  method: 'post',
  path: '/notifications/read',
  operationId: 'readNotifications',
  summary: 'Mark as read',
  tags: ['notifications'],
  security,
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({ ids: z.union([z.array(z.uuid()).max(1_000), z.literal('all')]) }),
        },
      },
      required: true,
    },
  },
  responses: { 200: json(unreadSchema, 'How many are still unread'), ...problems(400, 401, 403, 415) },
})

const sendRoute = createRoute({
  method: 'post',
  path: '/notifications',
  operationId: 'sendNotification',
  summary: 'Tell people something of the platform; for staff',
  description: 'By the same inbox, channels and preferences as tasks. With an `event`, each person is told once.',
  tags: ['notifications'],
  security,
  request: {
    body: {
      content: {
        'application/json': {
          schema: z.strictObject({
            to: z.array(z.string().min(1).max(255)).min(1).max(1_000).describe('Principal ids'),
            kind: z
              .string()
              .max(100)
              .regex(/^(?!task\.)[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$/, 'Dot-separated lower-case words, not of tasks'),
            title: z.string().trim().min(1).max(200),
            body: z.string().max(4_000).optional(),
            link: z
              .string()
              .max(2_000)
              .regex(/^(https?:\/\/|\/(?![/\\]))/, 'An http or https address, or a path')
              .optional(),
            event: z.string().min(1).max(255).optional(),
          }),
        },
      },
      required: true,
    },
  },
  responses: {
    202: json(z.object({ told: z.int() }).openapi('Told'), 'How many were told now, not before'),
    ...problems(400, 401, 403, 415),
  },
})

/** `GET` and `POST /notifications`, `POST /notifications/read`. */
export function notificationRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    const { limit, page_token: pageToken, unread } = c.req.valid('query')
    const who = c.get('principal')
    const { inbox } = engine.notifications
    const query = {
      unread: unread === 'true',
      ...(pageToken === undefined ? {} : { pageToken }),
      ...(limit === undefined ? {} : { limit }),
    }
    const [page, count] = await Promise.all([inbox.list(who, query), inbox.unread(who)])
    c.header('Cache-Control', 'private, no-store')
    const notifications = page.notifications.map(notificationJson)
    return c.json({ notifications, nextPageToken: page.nextPageToken, unread: count }, 200)
  })
  app.openapi(readRoute, async (c) => {
    const unread = await engine.notifications.inbox.read(c.req.valid('json').ids, c.get('principal'))
    return c.json({ unread }, 200)
  })
  app.openapi(sendRoute, async (c) => {
    const { body, event, link, ...request } = c.req.valid('json')
    const told = await engine.notifications.inbox.send(
      {
        ...request,
        ...(body === undefined ? {} : { body }),
        ...(event === undefined ? {} : { event }),
        ...(link === undefined ? {} : { link }),
      },
      c.get('principal'),
    )
    return c.json({ told }, 202)
  })
  return app
}

function notificationJson(one: NotificationView): z.output<typeof notificationSchema> {
  const { body, createdAt, id, kind, link, readAt, taskId, title } = one
  return {
    id,
    kind,
    title,
    body,
    link,
    taskId,
    createdAt: createdAt.toISOString(),
    readAt: readAt?.toISOString() ?? null,
  }
}
