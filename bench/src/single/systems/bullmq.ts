import { Queue, Worker } from 'bullmq'
import { now, type Payload, type System } from '../system.ts'

const QUEUE = 'nothing'
const CONCURRENCY = 50

/** BullMQ on Redis, which keeps what it has in memory and writes it out now and then: a crash loses the last minutes. */
export const bullmq: System = {
  name: 'BullMQ',
  setup: `redis-server as Debian ships it (snapshots, no append-only file: not durable), worker concurrency ${CONCURRENCY}`,
  needs: ['redis'],
  roles: ['submit', 'work'],
  prepare: async () => undefined,
  async open(role, services) {
    const connection = { ...services.redis, maxRetriesPerRequest: null }
    const latencies: number[] = []
    if (role === 'work') {
      const worker = new Worker<Payload>(
        QUEUE,
        async ({ data }) => {
          if (data.paced) latencies.push(now() - data.at)
        },
        { connection, concurrency: CONCURRENCY },
      )
      await worker.waitUntilReady()
      return { submit: unused, latencies: async () => latencies, close: () => worker.close() }
    }
    const queue = new Queue<Payload>(QUEUE, { connection })
    await queue.waitUntilReady()
    return {
      async submit(payload) {
        await queue.add('nothing', payload)
      },
      latencies: async () => latencies,
      close: () => queue.close(),
    }
  },
  async openCounter(services) {
    const queue = new Queue<Payload>(QUEUE, { connection: services.redis })
    return { count: () => queue.getCompletedCount(), close: () => queue.close() }
  },
}

async function unused(): Promise<void> {
  throw new Error('The process that works does not submit.')
}
