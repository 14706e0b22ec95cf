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
    const written = (aborted: boolean) => {
      const line = { method, path, status: c.res.status, milliseconds: Math.round(performance.now() - began), aborted }
      c.get('log')[quiet ? 'debug' : 'info'](line, `${method} ${path} ${c.res.status}`)
    }
    const outgoing = c.env?.outgoing
    outgoing?.once('close', () => written(!outgoing.writableFinished))
    await next()
    if (!outgoing) written(false)
  })
}
