import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk'
import type { Services } from '../../services.ts'
import { countByQuery } from '../count-query.ts'
import { now, type Payload, type Role, type System } from '../system.ts'

const QUEUE = 'nothing'
/** Milliseconds. The least that dequeues of this size keep up with; the default is 1,000. */
const POLL = 50
const CONCURRENCY = 50

const latencies: number[] = []
const workflow = DBOS.registerWorkflow(
  async (payload: Payload) => {
    if (payload.paced) latencies.push(now() - payload.at)
  },
  { name: 'nothing' },
)

/** Makes this process one that runs workflows; the first one creates the schema. */
async function launch(role: Role, services: Services): Promise<void> {
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: services.postgres,
    logLevel: 'error',
    executorID: `${role}-${process.pid}`,
    applicationVersion: '1',
  })
  await DBOS.launch()
}

const common = {
  needs: ['postgres'],
  prepare: async () => undefined,
  openCounter: (services: Services) =>
    countByQuery(services.postgres, "SELECT count(*) AS count FROM dbos.workflow_status WHERE status = 'SUCCESS'"),
} as const

/** Workflows that run where they are started, as DBOS is used first: there is nothing to wait for. */
export const dbos: System = {
  ...common,
  name: 'DBOS',
  setup: 'startWorkflow in both processes, each runs what it starts: no queue',
  roles: ['both', 'both'],
  async open(role, services) {
    await launch(role, services)
    return {
      async submit(payload) {
        await DBOS.startWorkflow(workflow)(payload)
      },
      latencies: async () => latencies,
      close: () => DBOS.shutdown(),
    }
  },
}

/** Workflows that one process enqueues and the other runs, as with the others here. */
export const dbosQueue: System = {
  ...common,
  name: 'DBOS queue',
  setup: `one process enqueues, the other runs, concurrency ${CONCURRENCY}, polling every ${POLL} ms`,
  roles: ['submit', 'work'],
  async open(role, services) {
    if (role === 'work') {
      await launch(role, services)
      await DBOS.registerQueue(QUEUE, { workerConcurrency: CONCURRENCY, minPollingIntervalMs: POLL })
      return {
        submit: async () => undefined,
        latencies: async () => latencies,
        close: () => DBOS.shutdown(),
      }
    }
    const client = await DBOSClient.create({ systemDatabaseUrl: services.postgres })
    return {
      async submit(payload) {
        await client.enqueue({ queueName: QUEUE, workflowName: 'nothing', appVersion: '1' }, payload)
      },
      latencies: async () => [],
      close: () => client.destroy(),
    }
  },
}
