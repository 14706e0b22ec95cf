import express, { type Express } from 'express'
import { type Errand, openErrand, type Places, startWorker } from '../platform/errand.ts'

/** A platform on Express, with Errand in the same process. */
export async function openPlatform(places: Places): Promise<{ app: Express; errand: Errand; close(): Promise<void> }> {
  const errand = await openErrand(places)
  const worker = await startWorker(errand.engine)

  const app = express()
  // The one mount. Before express.json(), which would read the bodies away; and not with use(), which cuts the address.
  app.all('/api/v1/{*path}', errand.server.handle)

  // Everything else is the platform's, as before.
  app.use(express.json())
  app.get('/', (_request, response) => {
    response.send('The platform')
  })

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
  const server = app.listen(3000)
  // Node ends a request after five minutes; a large file over a slow line takes longer.
  server.requestTimeout = 0
  process.once('SIGTERM', () => {
    // Pages that are open hold a feed each, which would keep the server from closing.
    errand.server.stop()
    server.close(() => close())
  })
}
