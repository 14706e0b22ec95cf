import type { DeliveryView } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ServerContext, ServerEnv } from '../context.ts'
import { json, problems } from '../openapi/responses.ts'
import { channelSchema, deliverySchema } from '../openapi/schemas.ts'
import { idParams, router, security, wholeNumber } from './router.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/deliveries',
  operationId: 'listDeliveries',
  summary: 'What was passed on by mail, webhooks and the platform, newest first; for staff',
  tags: ['notifications'],
  security,
  request: {
    query: z.object({
      state: z.enum(['waiting', 'sent', 'failed']).optional(),
      channel: z.string().max(100).optional(),
      page_token: z.string().max(2_000).optional(),
      limit: wholeNumber(1, 200),
    }),
  },
  responses: {
    200: json(
      z
        .object({
          deliveries: z.array(deliverySchema),
          nextPageToken: z.string().nullable().describe('`null` on the last page'),
        })
        .openapi('DeliveryPage'),
      'One page, each with its latest attempts',
    ),
    ...problems(400, 401, 403),
  },
})

const againRoute = createRoute({
  method: 'post',
  path: '/deliveries/{id}/send-again',
  operationId: 'sendDeliveryAgain',
  summary: 'Have it tried at once; for staff',
  description: 'Under the same id, so that whoever got it already can tell.',
  tags: ['notifications'],
  security,
  request: { params: idParams },
  responses: { 202: json(deliverySchema, 'It waits for its turn'), ...problems(401, 403, 404) },
})

const channelsRoute = createRoute({
  method: 'get',
  path: '/channels',
  operationId: 'listChannels',
  summary: 'The channels, and whether they are open; for staff',
  tags: ['notifications'],
  security,
  responses: {
    200: json(z.object({ channels: z.array(channelSchema) }).openapi('ChannelList'), 'As configured'),
    ...problems(401, 403),
  },
})

const openRoute = createRoute({
  method: 'post',
  path: '/channels/{id}/open',
  operationId: 'openChannel',
  summary: 'Open a channel that was closed as its other side wanted no more; for staff',
  tags: ['notifications'],
  security,
  request: { params: idParams },
  responses: { 204: { description: 'What waited for it goes on' }, ...problems(401, 403, 404) },
})

/** `GET /deliveries`, `POST /deliveries/{id}/send-again`, `GET /channels`, `POST /channels/{name}/open`. */
export function deliveryRoutes({ engine }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  app.openapi(listRoute, async (c) => {
    const { channel, limit, page_token: pageToken, state } = c.req.valid('query')
    const query = {
      ...(state === undefined ? {} : { state }),
      ...(channel === undefined ? {} : { channel }),
      ...(pageToken === undefined ? {} : { pageToken }),
      ...(limit === undefined ? {} : { limit }),
    }
    const { deliveries, nextPageToken } = await engine.notifications.deliveries.list(query, c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    return c.json({ deliveries: deliveries.map(deliveryJson), nextPageToken }, 200)
  })
  app.openapi(againRoute, async (c) => {
    const { deliveries } = engine.notifications
    return c.json(deliveryJson(await deliveries.sendAgain(c.req.valid('param').id, c.get('principal'))), 202)
  })
  app.openapi(channelsRoute, async (c) => {
    const channels = await engine.notifications.deliveries.channels(c.get('principal'))
    c.header('Cache-Control', 'private, no-store')
    const shown = channels.map((one) => ({ ...one, closedAt: one.closedAt?.toISOString() ?? null }))
    return c.json({ channels: shown }, 200)
  })
  app.openapi(openRoute, async (c) => {
    await engine.notifications.deliveries.open(c.req.valid('param').id, c.get('principal'))
    return c.body(null, 204)
  })
  return app
}

function deliveryJson(view: DeliveryView): z.output<typeof deliverySchema> {
  return {
    ...view,
    createdAt: view.createdAt.toISOString(),
    sentAt: view.sentAt?.toISOString() ?? null,
    dueAt: view.dueAt?.toISOString() ?? null,
    attempts: view.attempts.map((one) => ({ ...one, at: one.at.toISOString() })),
  }
}
