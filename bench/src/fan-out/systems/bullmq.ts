import { writeFile } from 'node:fs/promises'
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq'
import type { Services } from '../../services.ts'
import { rowOf } from '../row.ts'
import type { FanOutSystem } from '../system.ts'

const ITEMS = 'items'
const GROUPS = 'groups'
const REPORTS = 'reports'
const CONCURRENCY = 50
/** Items below one parent: with all 100,000 below a single one it was slower. */
const GROUP = 1_000

const connectionOf = ({ redis }: Services) => ({ host: redis.host, port: redis.port, maxRetriesPerRequest: null })

/** A flow: a job for each item; parents join what their children returned, and their parent writes the file. */
export const bullmq: FanOutSystem = {
  name: 'BullMQ flow',
  setup: `redis-server as Debian ships it (not durable), one atomic flow, parents of ${GROUP} join return values, concurrency ${CONCURRENCY}, jobs kept`,
  needs: ['redis'],
  workers: 1,
  prepare: async () => undefined,
  async openStarter(services) {
    const connection = connectionOf(services)
    const flows = new FlowProducer({ connection })
    const events = new QueueEvents(REPORTS, { connection })
    await Promise.all([flows.waitUntilReady(), events.waitUntilReady()])
    return {
      async run(items, file) {
        const children = []
        for (let first = 0; first < items; first += GROUP) {
          const inGroup = Array.from({ length: Math.min(GROUP, items - first) }, (_, index) => ({
            name: 'item',
            queueName: ITEMS,
            data: { n: first + index },
          }))
          children.push({ name: 'group', queueName: GROUPS, data: { first }, children: inGroup })
        }
        const { job } = await flows.add({ name: 'report', queueName: REPORTS, data: { file }, children })
        await job.waitUntilFinished(events)
      },
      async close() {
        await flows.close()
        await events.close()
      },
    }
  },
  async openWorker(services) {
    const connection = connectionOf(services)
    const workers = [
      new Worker<{ n: number }>(ITEMS, async ({ data }) => ({ n: data.n, row: rowOf(data.n) }), {
        connection,
        concurrency: CONCURRENCY,
      }),
      new Worker<{ first: number }>(
        GROUPS,
        async (job) => {
          const values = Object.values(await job.getChildrenValues<{ n: number; row: string }>())
          values.sort((a, b) => a.n - b.n)
          return { first: job.data.first, rows: values.map(({ row }) => row).join('') }
        },
        { connection, concurrency: 4 },
      ),
      new Worker<{ file: string }>(
        REPORTS,
        async (job) => {
          const values = Object.values(await job.getChildrenValues<{ first: number; rows: string }>())
          values.sort((a, b) => a.first - b.first)
          await writeFile(job.data.file, values.map(({ rows }) => rows).join(''))
        },
        { connection },
      ),
    ]
    await Promise.all(workers.map((worker) => worker.waitUntilReady()))
    return {
      async close() {
        await Promise.all(workers.map((worker) => worker.close()))
      },
    }
  },
  async done(services) {
    const queue = new Queue(ITEMS, { connection: connectionOf(services) })
    const count = await queue.getCompletedCount()
    await queue.close()
    return count
  },
}
