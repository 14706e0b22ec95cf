import type { EngineMeasures, EngineStatus } from '@errand/engine'
import { Hono } from 'hono'
import { Gauge, Registry } from 'prom-client'
import type { ServerContext, ServerEnv } from '../context.ts'

/** Milliseconds for which one reading serves all that ask: a scrape must not become a load. */
const FRESH = 1_000
/** The same for what takes sums over whole tables. */
const MEASURES_FRESH = 15_000

/** Asks as the service itself. */
const SELF = { id: 'errand', name: 'Errand', staff: true }

/**
 * `GET /metrics`: how work stands, for Prometheus. Without a token, as scrapers are set up; labels are definitions,
 * versions, states, codes of failures, channels and storages, never ids. All of it is of the record: every server says the
 * same, so that a query takes the `max` of them and not the sum.
 */
export function metricsRoutes({ engine }: ServerContext): Hono<ServerEnv> {
  const registry = new Registry()
  const gauges = createGauges(registry)
  const readStatus = kept(FRESH, () => engine.status(SELF))
  const readMeasures = kept(MEASURES_FRESH, () => engine.measures(SELF))
  const app = new Hono<ServerEnv>()
  app.get('/metrics', async (c) => {
    const [status, measures] = await Promise.all([readStatus(), readMeasures()])
    registry.resetMetrics()
    setStatus(gauges, status)
    setMeasures(gauges, measures)
    return c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' })
  })
  return app
}

/** One reading for all that ask within `ms`; one that fails is not kept. */
function kept<T>(ms: number, read: () => Promise<T>): () => Promise<T> {
  let last: { at: number; value: Promise<T> } | undefined
  return () => {
    if (last !== undefined && Date.now() - last.at <= ms) return last.value
    const reading = { at: Date.now(), value: read() }
    last = reading
    reading.value.catch(() => {
      if (last === reading) last = undefined
    })
    return reading.value
  }
}

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const version = ['definition', 'version']
  return {
    open: gauge('errand_tasks_open', 'Tasks that are not over', version),
    states: gauge('errand_tasks', 'Tasks that are not over, by state', [...version, 'state']),
    steps: gauge('errand_steps', 'Steps that are ready, running or waiting for another try', [...version, 'state']),
    slices: gauge('errand_slices', 'Slices of steps with many items that are ready or running', [...version, 'state']),
    age: gauge('errand_queue_age_seconds', 'How long the step that has waited longest has been ready', version),
    workers: gauge('errand_workers', 'Live workers that serve a version with open tasks', version),
    unserved: gauge('errand_tasks_unserved', 'Tasks that wait for a worker which has their version', version),
    stuck: gauge('errand_steps_stuck', 'Steps that should move and do not (at most 100 are counted)', [
      ...version,
      'why',
    ]),
    ended: gauge('errand_recent_tasks', 'Tasks that ended in the last 15 minutes', [...version, 'state']),
    wait: gauge(
      'errand_recent_wait_seconds',
      'From the submit to the first step, of tasks that ended in the last 15 minutes',
      [...version, 'state', 'of'],
    ),
    run: gauge(
      'errand_recent_run_seconds',
      'From the first step to the end, of tasks that ended in the last 15 minutes',
      [...version, 'state', 'of'],
    ),
    failures: gauge('errand_recent_failures', 'Tasks that failed in the last 15 minutes', [...version, 'code']),
    waiting: gauge('errand_outbox_waiting', 'Notifications that are due on a channel', ['channel']),
    lag: gauge('errand_outbox_lag_seconds', 'How long the first notification on a channel has been due', ['channel']),
    bytes: gauge('errand_storage_bytes', 'What outputs and uploads take', ['storage', 'kind']),
    files: gauge('errand_storage_files', 'Outputs and uploads that are stored', ['storage', 'kind']),
    unpurged: gauge('errand_files_unpurged', 'Files gone from the record and not yet from the storage', []),
    refused: gauge('errand_schedules_refused', 'Schedules whose last time started nothing', []),
  }
}

type Gauges = ReturnType<typeof createGauges>

function setStatus(gauges: Gauges, status: EngineStatus): void {
  for (const { definition, version, ...queue } of status.queues) {
    const labels = { definition, version }
    gauges.open.set(labels, queue.open)
    for (const state of ['ready', 'running', 'retrying'] as const) gauges.steps.set({ ...labels, state }, queue[state])
    gauges.age.set(labels, queue.oldestReadySeconds)
    gauges.workers.set(labels, queue.workers)
    gauges.unserved.set(labels, queue.workers === 0 ? queue.open : 0)
  }
  for (const { definition, version, why } of status.stuck) gauges.stuck.inc({ definition, version, why })
  gauges.unpurged.set(status.unpurged)
  gauges.refused.set(status.refusedSchedules.length)
}

function setMeasures(gauges: Gauges, measures: EngineMeasures): void {
  for (const { count, ...labels } of measures.open) gauges.states.set(labels, count)
  for (const { count, ...labels } of measures.slices) gauges.slices.set(labels, count)
  for (const { count, run, wait, ...labels } of measures.ended) {
    gauges.ended.set(labels, count)
    for (const which of ['median', 'p95', 'longest'] as const) {
      if (wait !== null) gauges.wait.set({ ...labels, of: which }, wait[which])
      if (run !== null) gauges.run.set({ ...labels, of: which }, run[which])
    }
  }
  for (const { count, ...labels } of measures.failures) gauges.failures.set(labels, count)
  for (const { channel, lagSeconds, waiting } of measures.outbox) {
    gauges.waiting.set({ channel }, waiting)
    gauges.lag.set({ channel }, lagSeconds)
  }
  for (const { bytes, files, ...labels } of measures.storage) {
    gauges.bytes.set(labels, bytes)
    gauges.files.set(labels, files)
  }
}
