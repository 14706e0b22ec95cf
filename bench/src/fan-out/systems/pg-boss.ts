import { type Db, type Job, PgBoss } from 'pg-boss'
import type { Services } from '../../services.ts'
import { rowOf } from '../row.ts'
import { countRows, createRows, INSERT, openRows } from '../rows-table.ts'
import type { FanOutSystem } from '../system.ts'

const QUEUE = 'items'
/** Jobs fetched and completed in one statement each. */
const BATCH = 500
/** Jobs in one call of insert(). */
const BULK = 5_000

type Item = { report: string; n: number }

async function open({ postgres }: Services, works: boolean): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: postgres, useListenNotify: works, schedule: false })
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
  await boss.start()
  return boss
}

/** A job for each item; a batch's rows are written in the transaction that completes it. */
export const pgBoss: FanOutSystem = {
  name: 'pg-boss',
  setup: `insert() by ${BULK}, transactional work() with batches of ${BATCH}, burst while they are full; a batch's rows are one statement`,
  needs: ['postgres'],
  workers: 1,
  async prepare(services) {
    const boss = await open(services, false)
    await boss.createQueue(QUEUE, { notify: true })
    await boss.stop({ graceful: false, close: true })
    await createRows(services.postgres)
  },
  async openStarter(services) {
    const boss = await open(services, false)
    const rows = await openRows(services.postgres)
    return {
      async run(items, file) {
        for (let first = 0; first < items; first += BULK) {
          const jobs = Array.from({ length: Math.min(BULK, items - first) }, (_, index) => ({
            data: { report: file, n: first + index },
          }))
          await boss.insert(QUEUE, jobs)
        }
        await rows.complete(file, items)
        await rows.write(file, file)
      },
      async close() {
        await rows.close()
        await boss.stop({ graceful: false, close: true })
      },
    }
  },
  async openWorker(services) {
    const boss = await open(services, true)
    await boss.work(
      QUEUE,
      {
        batchSize: BATCH,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
        transactional: true,
        localConcurrency: 2,
      },
      async (jobs: Job<Item>[], tx: Db) => {
        await tx.executeSql(INSERT, [
          jobs.map(({ data }) => data.report),
          jobs.map(({ data }) => data.n),
          jobs.map(({ data }) => rowOf(data.n)),
        ])
      },
    )
    return { close: () => boss.stop({ graceful: false, close: true }) }
  },
  done: ({ postgres }) => countRows(postgres),
}
