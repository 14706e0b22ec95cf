import { createWriteStream } from 'node:fs'
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import type { Services } from '../../services.ts'
import { rowOf } from '../row.ts'
import type { FanOutSystem } from '../system.ts'

const QUEUE = 'items'
/** Milliseconds. The least that dequeues of this size keep up with; the default is 1,000. */
const POLL = 50
const CONCURRENCY = 100
/** Children that are enqueued at once. */
const BULK = 100
/** Results read at once: one by one, as handles give them, each would be a query and a step on record. */
const PAGE = 1_000

const item = DBOS.registerWorkflow(async (n: number) => rowOf(n), { name: 'item' })

const report = DBOS.registerWorkflow(
  async (items: number, file: string) => {
    const handles = []
    for (let first = 0; first < items; first += BULK) {
      const numbers = Array.from({ length: Math.min(BULK, items - first) }, (_, index) => first + index)
      const start = DBOS.startWorkflow(item, { queueName: QUEUE })
      handles.push(...(await Promise.all(numbers.map((n) => start(n)))))
    }
    await DBOS.waitAll(handles)
    const stream = createWriteStream(file)
    for (let first = 0; first < items; first += PAGE) {
      const workflowIDs = handles.slice(first, first + PAGE).map(({ workflowID }) => workflowID)
      const rows = new Map<string, unknown>()
      for (const { workflowID, output } of await DBOS.listWorkflows({
        workflowIDs,
        loadOutput: true,
        loadInput: false,
      }))
        rows.set(workflowID, output)
      stream.write(workflowIDs.map((id) => rows.get(id)).join(''))
    }
    await new Promise<void>((resolve, reject) => stream.on('error', reject).end(resolve))
  },
  { name: 'report' },
)
void report

/** A workflow for each item on a queue; their parent enqueues them, awaits their results in order and writes the file. */
export const dbosQueue: FanOutSystem = {
  name: 'DBOS queue',
  setup: `a parent workflow enqueues by ${BULK} and awaits all and reads results by 1,000, worker concurrency ${CONCURRENCY}, polling every ${POLL} ms`,
  needs: ['postgres'],
  workers: 1,
  most: 10_000,
  prepare: async () => undefined,
  async openStarter({ postgres }) {
    const client = await DBOSClient.create({ systemDatabaseUrl: postgres })
    return {
      async run(items, file) {
        const handle = await client.enqueue(
          { queueName: 'reports', workflowName: 'report', appVersion: '1' },
          items,
          file,
        )
        await handle.getResult()
      },
      close: () => client.destroy(),
    }
  },
  async openWorker({ postgres }: Services) {
    DBOS.setConfig({
      name: 'bench',
      systemDatabaseUrl: postgres,
      logLevel: 'error',
      executorID: `worker-${process.pid}`,
      applicationVersion: '1',
    })
    await DBOS.launch()
    await DBOS.registerQueue(QUEUE, { workerConcurrency: CONCURRENCY, minPollingIntervalMs: POLL })
    await DBOS.registerQueue('reports', { minPollingIntervalMs: POLL })
    return { close: () => DBOS.shutdown() }
  },
  async done({ postgres }) {
    const client = new pg.Client({ connectionString: postgres })
    await client.connect()
    const { rows } = await client.query<{ count: string }>(
      "SELECT count(*) FROM dbos.workflow_status WHERE name = 'item' AND status = 'SUCCESS'",
    )
    await client.end()
    return Number(rows[0]?.count)
  },
}
