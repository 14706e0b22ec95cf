import { openErrand, startWorker } from '../platform/errand.ts'

// A process of its own, beside Next's: node worker.ts. Pages are served by processes that come and go, and long work must
// not go with them. `errand worker ./tasks` does the same without a line of code.
const { engine } = await openErrand({
  databaseUrl: process.env.DATABASE_URL ?? '',
  filesFolder: process.env.FILES_FOLDER ?? 'files',
})
const worker = await startWorker(engine)
console.log('The worker runs.')
process.once('SIGTERM', async () => {
  await worker.stop()
  await engine.close()
})
