import type { EngineStatus } from '@errand/engine'
import { Hono } from 'hono'
import { Gauge, Registry } from 'prom-client'
import type { ServerContext, ServerEnv } from '../context.ts'

/** Milliseconds for which one reading serves all that ask: a scrape must not become a load. */
const FRESH = 1_000

/** Asks as the service itself. */
const SELF = { id: 'errand', name: 'Errand', staff: true }

/**
 * `GET /metrics`: how work stands, for Prometheus. Without a token, as scrapers are set up; labels are definitions,
 * versions and states, never ids.
 */
export function metricsRoutes({ engine }: ServerContext): Hono<ServerEnv> {
  const registry = new Registry()
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const version = ['definition', 'version']
  const gauges = {
    open: gauge('errand_tasks_open', 'Tasks that are not over', version),
    steps: gauge('errand_steps', 'Steps that are ready, running or waiting for another try', [...version, 'state']),
    age: gauge('errand_queue_age_seconds', 'How long the step that has waited longest has been ready', version),
    workers: gauge('errand_workers', 'Live workers that serve a version with open tasks', version),
    unserved: gauge('errand_tasks_unserved', 'Tasks that wait for a worker which has their version', version),
    stuck: gauge('errand_steps_stuck', 'Steps that should move and do not (at most 100 are counted)', [
      ...version,
      'why',
    ]),
    unpurged: gauge('errand_files_unpurged', 'Files gone from the record and not yet from the storage', []),
  }
  let reading: { at: number; status: Promise<EngineStatus> } | undefined
  const read = () => {
    if (reading === undefined || Date.now() - reading.at > FRESH)
      reading = { at: Date.now(), status: engine.status(SELF) }
    return reading.status
  }
  const app = new Hono<ServerEnv>()
  app.get('/metrics', async (c) => {
    const status = await read()
    registry.resetMetrics()
    for (const { definition, version: number, ...queue } of status.queues) {
      const labels = { definition, version: String(number) }
      gauges.open.set(labels, queue.open)
      for (const state of ['ready', 'running', 'retrying'] as const)
        gauges.steps.set({ ...labels, state }, queue[state])
      gauges.age.set(labels, queue.oldestReadySeconds)
      gauges.workers.set(labels, queue.workers)
      gauges.unserved.set(labels, queue.workers === 0 ? queue.open : 0)
    }
    for (const { definition, version: number, why } of status.stuck) {
      gauges.stuck.inc({ definition, version: String(number), why })
    }
    gauges.unpurged.set(status.unpurged)
    return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' })
  })
  return app
}
