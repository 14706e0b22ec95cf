import { Problem } from '@errand/engine'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { FEED_LIFETIME, FEEDS_PER_PRINCIPAL, RECONNECT_DELAY } from '../config.ts'
import type { ServerContext, ServerEnv } from '../context.ts'
import { type EventStreamOptions, eventStream, type ServerEvent } from '../feed/event-stream.ts'
import { feed, taskFeed } from '../feed/feed-event.ts'
import type { FeedAnswer } from '../feed/feed-writers.ts'
import { problems } from '../openapi/responses.ts'
import { idParams, router, security } from './router.ts'

const eventStreamResponse = {
  description: 'Server-sent events: `transition`, `log`, `task`, `inbox`, `gone`, and `end`',
  content: { 'text/event-stream': { schema: z.string() } },
}

const taskEventsRoute = createRoute({
  method: 'get',
  path: '/tasks/{id}/events',
  operationId: 'watchTask',
  summary: 'Follow a task until it is over',
  description:
    'Begins with the transitions after Last-Event-ID (all of them without one) and the task as it is; `end` comes last, when the task is over. ' +
    'A stream that ends without it was cut: open it again with the last id.',
  tags: ['events'],
  security,
  request: { params: idParams, headers: z.object({ 'last-event-id': z.string().max(20).optional() }) },
  responses: { 200: eventStreamResponse, ...problems(400, 401, 404, 429) },
})

const eventsRoute = createRoute({
  method: 'get',
  path: '/events',
  operationId: 'watchTasks',
  summary: 'Follow all tasks one may see, and how much of one’s inbox is unread, from now on',
  tags: ['events'],
  security,
  responses: { 200: eventStreamResponse, ...problems(401, 429) },
})

/** `GET /tasks/{id}/events` and `GET /events`. */
export function eventRoutes({ engine, heartbeat, stopping }: ServerContext): OpenAPIHono<ServerEnv> {
  const app = router()
  const open = new Map<string, number>()

  /** Counts the feed; returns how to count it no more. */
  function enter(principal: string): () => void {
    const count = open.get(principal) ?? 0
    if (count >= FEEDS_PER_PRINCIPAL) throw tooManyFeeds()
    open.set(principal, count + 1)
    return () => {
      const left = (open.get(principal) ?? 1) - 1
      if (left > 0) open.set(principal, left)
      else open.delete(principal)
    }
  }

  function respond(c: Context<ServerEnv>, stream: Pick<EventStreamOptions, 'open' | 'end'>): Response {
    const leave = c.req.method === 'HEAD' ? undefined : enter(c.get('principal').id)
    c.header('Content-Type', 'text/event-stream')
    c.header('Cache-Control', 'private, no-store, no-transform')
    // Proxies of the nginx kind hold a response back until a buffer is full, unless told not to.
    c.header('X-Accel-Buffering', 'no')
    if (!leave) return c.body(null)
    const log = c.get('log')
    const answer: FeedAnswer = {
      ...stream,
      lifetime: FEED_LIFETIME,
      reconnectDelay: RECONNECT_DELAY,
      onClose: leave,
      onError: (error) => log.error({ err: error }, 'A feed ended with an error'),
    }
    if (c.env?.feed) {
      c.env.feed.answer = answer
      return c.body(null)
    }
    return c.body(eventStream({ ...answer, signal: AbortSignal.any([c.req.raw.signal, stopping]), heartbeat }))
  }

  app.openapi(taskEventsRoute, async (c) => {
    const { id } = c.req.valid('param')
    const who = c.get('principal')
    const after = sequenceOf(c.req.valid('header')['last-event-id'])
    // Asked before the stream begins, while there still is a status to say no with.
    let task = await engine.getTask(id, who)
    async function* open(signal: AbortSignal): AsyncGenerator<ServerEvent> {
      const events = engine.watchTask(id, who, { after, signal })
      async function* noted() {
        for await (const event of events) {
          if (event.type === 'task') task = event.task
          yield event
        }
      }
      yield* taskFeed(noted())
    }
    return respond(c, { open, end: () => ({ event: 'end', data: { id: task.id, state: task.state } }) })
  })

  app.openapi(eventsRoute, (c) => {
    const who = c.get('principal')
    return respond(c, { open: (signal) => feed(engine.watchAll(who, { signal })) })
  })
  return app
}

function sequenceOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === '') return 0
  if (/^\d{1,15}$/.test(lastEventId)) return Number(lastEventId)
  throw new Problem({
    code: 'last-event-id-invalid',
    status: 400,
    title: 'Last-Event-ID is not an id of this feed',
    detail: `"${lastEventId}" is no whole number.`,
    hint: 'Send the id of the last event you have, or leave the header out to begin at the start.',
  })
}

function tooManyFeeds(): Problem {
  return new Problem({
    code: 'too-many-feeds',
    status: 429,
    title: 'Too many live feeds are open',
    detail: `One person may have ${FEEDS_PER_PRINCIPAL} open at a time.`,
    hint: 'Close some, or follow all tasks in one feed.',
  })
}
