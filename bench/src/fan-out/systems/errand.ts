import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type Principal } from '@errand/engine'
import { createWorker } from '@errand/worker'
import { pino } from 'pino'
import type { Services } from '../../services.ts'
import type { FanOutSystem } from '../system.ts'

const who: Principal = { id: 'bench', name: 'Bench', staff: true }
const logger = pino({ level: 'warn' }, process.stderr)

function open(services: Services): Promise<Engine> {
  return createEngine({
    database: { kind: 'postgres', url: services.postgres },
    storages: { default: { scheme: 'fs', root: services.folder } },
    logger,
  })
}

/** Errand with its full record, its code in threads; the file is downloaded when the task is over. */
export const errand: FanOutSystem = {
  name: 'errand',
  setup: 'engine embedded in both processes, as the peers are; everything as shipped',
  needs: ['postgres'],
  workers: 1,
  prepare: async (services) => (await open(services)).close(),
  async openStarter(services) {
    const engine = await open(services)
    return {
      async run(items, file) {
        const { task } = await engine.submit({ definition: 'rows', input: { items } }, who)
        for await (const event of engine.watchTask(task.id, who)) void event
        const { state, failure, artifacts } = await engine.getTask(task.id, who)
        const [written] = artifacts
        if (state !== 'completed' || written === undefined)
          throw new Error(`${state}: ${failure?.title} ${failure?.detail}`)
        const { body } = await engine.openArtifact(written.id, who)
        await pipeline(body, createWriteStream(file))
      },
      close: () => engine.close(),
    }
  },
  async openWorker(services) {
    const engine = await open(services)
    const pack = fileURLToPath(new URL('../pack.ts', import.meta.url))
    const worker = await createWorker({ engine, packs: [{ use: pack }], logger, dataDir: services.folder })
    await worker.start()
    return {
      async close() {
        await worker.stop({ graceMs: 5_000 })
        await engine.close()
      },
    }
  },
  async done(services) {
    const engine = await open(services)
    let done = 0
    for (let pageToken: string | undefined; ; ) {
      const page = await engine.listTasks({ ...(pageToken === undefined ? {} : { pageToken }) }, who)
      for (const { steps } of page.tasks) done += steps[0]?.progress?.done ?? 0
      pageToken = page.nextPageToken ?? undefined
      if (pageToken === undefined) break
    }
    await engine.close()
    return done
  },
}
