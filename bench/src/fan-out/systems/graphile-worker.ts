import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { rowOf } from '../row.ts'
import { countRows, createRows, openRows, openRowWriter } from '../rows-table.ts'
import type { FanOutSystem } from '../system.ts'

/** As its page on performance has it: https://worker.graphile.org/docs/performance. */
const CONCURRENCY = 24
const LOCAL_QUEUE = 500
/** Jobs in one call of addJobs(). */
const BULK = 5_000

/** It deletes what is done and keeps no results, so each job writes its row, which is its status too, into a table. */
export const graphileWorker: FanOutSystem = {
  name: 'graphile-worker',
  setup: `addJobs() by ${BULK}, ${CONCURRENCY} concurrent jobs, local queue of ${LOCAL_QUEUE}, batched completion; the rows of jobs at work at once share an insert`,
  needs: ['postgres'],
  workers: 1,
  async prepare({ postgres }) {
    const utils = await makeWorkerUtils({ connectionString: postgres })
    await utils.migrate()
    await utils.release()
    await createRows(postgres)
  },
  async openStarter({ postgres }) {
    const utils = await makeWorkerUtils({ connectionString: postgres })
    const rows = await openRows(postgres)
    return {
      async run(items, file) {
        for (let first = 0; first < items; first += BULK) {
          const specs = Array.from({ length: Math.min(BULK, items - first) }, (_, index) => ({
            identifier: 'item',
            payload: { report: file, n: first + index },
          }))
          await utils.addJobs(specs)
        }
        await rows.complete(file, items)
        await rows.write(file, file)
      },
      async close() {
        await rows.close()
        await utils.release()
      },
    }
  },
  async openWorker({ postgres }) {
    const rows = await openRowWriter(postgres)
    const runner = await run({
      preset: {
        worker: {
          connectionString: postgres,
          concurrentJobs: CONCURRENCY,
          maxPoolSize: CONCURRENCY + 1,
          localQueue: { size: LOCAL_QUEUE },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      noHandleSignals: true,
      // Its own writes a line to the console for each job.
      logger: new Logger(() => () => undefined),
      taskList: {
        async item(payload) {
          const { report, n } = payload as { report: string; n: number }
          await rows.write(report, n, rowOf(n))
        },
      },
    })
    return {
      async close() {
        await runner.stop()
        await rows.close()
      },
    }
  },
  done: ({ postgres }) => countRows(postgres),
}
