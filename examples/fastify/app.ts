import { type FastifyInstance, fastify } from 'fastify'
import { type Errand, openErrand, type Places, startWorker } from '../platform/errand.ts'

/** A platform on Fastify, with Errand in the same process. */
export async function openPlatform(places: Places): Promise<{ app: FastifyInstance; errand: Errand }> {
  const errand = await openErrand(places)
  const worker = await startWorker(errand.engine)

  const app = fastify()
  // The one mount, with a scope of its own, since here nobody but Errand reads the bodies.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    scope.all('/api/v1/*', (request, reply) => {
      // Errand writes the answer itself, piece by piece where it is a feed or a file.
      reply.hijack()
      return errand.server.handle(request.raw, reply.raw)
    })
  })

  // Everything else is the platform's, as before.
  app.get('/', async () => 'The platform')

  // Before requests are waited for: pages that are open hold a feed each, which would keep the platform from closing.
  app.addHook('preClose', async () => errand.server.stop())
  // And after the last of them.
  app.addHook('onClose', async () => {
    await worker.stop()
    await errand.engine.close()
  })
  return { app, errand }
}

if (import.meta.main) {
  const { app } = await openPlatform({ databaseUrl: process.env.DATABASE_URL ?? '', filesFolder: 'files' })
  await app.listen({ port: 3000 })
  process.once('SIGTERM', () => app.close())
}
