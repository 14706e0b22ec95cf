import { type IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { ServerEnv } from './context.ts'
import type { FeedWriters } from './feed/feed-writers.ts'

/** The app, as it takes Web requests. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>

/** Answers one of Node's own requests. */
export type NodeHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/** For servers that are not ours, but Node's. */
export function nodeHandler(fetch: Fetch, feeds: FeedWriters): NodeHandler {
  return getRequestListener((request, env) => answer(fetch, feeds, request, env), {
    // An embedding platform keeps its own Request and Response.
    overrideGlobalObjects: false,
  })
}

/** Answers; a feed is written straight to the connection, where there is one. */
export async function answer(
  fetch: Fetch,
  feeds: FeedWriters,
  request: Request,
  env: { outgoing: unknown },
): Promise<Response> {
  const feed: NonNullable<ServerEnv['Bindings']['feed']> = {}
  const response = await fetch(request, { ...env, feed })
  const { outgoing } = env
  if (feed.answer === undefined || !(outgoing instanceof ServerResponse)) return response
  outgoing.writeHead(response.status, [...response.headers].flat())
  // Alone, the head is kept as the one string that was sent, and not as the hundred that it was made of.
  outgoing.flushHeaders()
  feeds.open(outgoing, feed.answer)
  return RESPONSE_ALREADY_SENT
}
