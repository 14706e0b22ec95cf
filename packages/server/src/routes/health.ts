import { databaseAway, Problem } from '@errand/engine'
import { Hono } from 'hono'
import type { ServerContext, ServerEnv } from '../context.ts'

/** `GET /healthz`: the process answers. `GET /readyz`: it can do its work. Both without a token, and with nothing to learn. */
export function healthRoutes({ engine, stopping }: ServerContext): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>()
  app.get('/healthz', (c) => c.json({ status: 'ok' }, 200, { 'Cache-Control': 'no-store' }))
  app.get('/readyz', async (c) => {
    if (stopping.aborted) {
      throw new Problem({ code: 'stopping', status: 503, title: 'This server is stopping', hint: 'Ask another one.' })
    }
    try {
      await engine.ping()
    } catch (error) {
      c.get('log').warn({ err: error }, 'The database does not answer')
      throw databaseAway(error)
    }
    return c.json({ status: 'ready' }, 200, { 'Cache-Control': 'no-store' })
  })
  return app
}
