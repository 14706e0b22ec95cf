import { createMiddleware } from 'hono/factory'
import type { Logger } from 'pino'
import type { ServerEnv } from '../context.ts'

/**
 * One line per request, once its answer has been sent or the client has gone, with the request id. Paths without
 * their query: it may hold names of files and of people.
 */
export function accessLog(root: Logger) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const began = performance.now()
    const { method, path } = c.req
    c.set('log', root.child({ requestId: c.get('requestId') }))
    const quiet = path === '/healthz' || path === '/readyz'
    const outgoing = c.env?.outgoing
    await next()
    // Only what the line needs is kept until then: a feed stays open for as long as a page does.
    const { status } = c.res
    const log = c.get('log')
    const written = (aborted: boolean) => {
      const line = { method, path, status, milliseconds: Math.round(performance.now() - began), aborted }
      log[quiet ? 'debug' : 'info'](line, `${method} ${path} ${status}`)
    }
    if (!outgoing || outgoing.closed) written(outgoing !== undefined)
    else outgoing.once('close', () => written(!outgoing.writableFinished))
  })
}
