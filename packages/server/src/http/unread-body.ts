import { createMiddleware } from 'hono/factory'
import type { ServerEnv } from '../context.ts'

/**
 * An answer that comes before the whole request has arrived, such as "too large", ends the connection: what is still
 * on its way would be taken for the next request, or the next request would be lost when the connection is cut.
 */
export function closeAfterUnreadBody() {
  return createMiddleware<ServerEnv>(async (c, next) => {
    await next()
    const incoming = c.env?.incoming
    if (incoming && !incoming.complete) c.header('Connection', 'close')
  })
}
