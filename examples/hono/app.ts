import { type HttpBindings, serve } from '@hono/node-server'
import { Hono } from 'hono'
import { type Errand, openErrand, type Places, startWorker } from '../platform/errand.ts'

/** A platform on Hono, with Errand in the same process. */
export async function openPlatform(
  places: Places,
): Promise<{ app: Hono<{ Bindings: HttpBindings }>; errand: Errand; close(): Promise<void> }> {
  const errand = await openErrand(places)
  const worker = await startWorker(errand.engine)

  const app = new Hono<{ Bindings: HttpBindings }>()
  // The one mount. Not with route(), which would have Errand's middleware run for the platform's pages as well.
  app.all('/api/v1/*', (c) => errand.server.app.fetch(c.req.raw, c.env))

  // Everything else is the platform's, as before.
  app.get('/', (c) => c.text('The platform'))

  return {
    app,
    errand,
    async close() {
      await worker.stop()
      await errand.engine.close()
    },
  }
}

if (import.meta.main) {
  const { app, errand, close } = await openPlatform({
    databaseUrl: process.env.DATABASE_URL ?? '',
    filesFolder: 'files',
  })
  const server = serve({ fetch: app.fetch, port: 3000 })
  process.once('SIGTERM', () => {
    // Pages that are open hold a feed each, which would keep the server from closing.
    errand.server.stop()
    server.close(() => close())
  })
}
