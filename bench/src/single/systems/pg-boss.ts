import { PgBoss } from 'pg-boss'
import type { Services } from '../../services.ts'
import { countByQuery } from '../count-query.ts'
import { now, type Payload, type System } from '../system.ts'

const QUEUE = 'nothing'
/** Jobs fetched and completed in one statement each: several times what was tried around it made no difference. */
const BATCH = 64

async function open(services: Services, works: boolean): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: services.postgres, useListenNotify: works, schedule: false })
  boss.on('error', (error) => process.stderr.write(`pg-boss: ${error.message}\n`))
  await boss.start()
  return boss
}

/** pg-boss alone: the dispatch that Errand stands on, without Errand's record. */
export const pgBoss: System = {
  name: 'pg-boss',
  setup: `queue with notify, work() with batches of ${BATCH}, burst while they are full, one send() for each job`,
  needs: ['postgres'],
  roles: ['submit', 'work'],
  async prepare(services) {
    const boss = await open(services, false)
    await boss.createQueue(QUEUE, { notify: true })
    await boss.stop({ graceful: false, close: true })
  },
  async open(role, services) {
    const latencies: number[] = []
    const boss = await open(services, role === 'work')
    if (role === 'work') {
      await boss.work<Payload>(
        QUEUE,
        { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 },
        async (jobs) => {
          for (const { data } of jobs) if (data.paced) latencies.push(now() - data.at)
        },
      )
    }
    return {
      async submit(payload) {
        await boss.send(QUEUE, payload)
      },
      latencies: async () => latencies,
      close: () => boss.stop({ graceful: false, close: true }),
    }
  },
  openCounter: (services) =>
    countByQuery(services.postgres, "SELECT count(*) AS count FROM pgboss.job WHERE state = 'completed'"),
}
