import { fileURLToPath } from 'node:url'
import { createEngine, type Engine, type Principal } from '@errand/engine'
import { createWorker } from '@errand/worker'
import { pino } from 'pino'
import type { Services } from '../../services.ts'
import { countByQuery } from '../count-query.ts'
import type { System } from '../system.ts'

const who: Principal = { id: 'bench', name: 'Bench', staff: false }
const logger = pino({ level: 'warn' }, process.stderr)
/**
 * Transitions of a task with one step: it and its step come to be, run, and are completed. A step that was claimed ahead
 * and handed back begins twice; each is completed once.
 */
const TRANSITIONS = 6

function open(services: Services): Promise<Engine> {
  return createEngine({
    database: { kind: 'postgres', url: services.postgres },
    storages: { default: { scheme: 'fs', root: services.folder } },
    logger,
  })
}

/** Steps that the worker runs at once; more than its default, as these wait for nothing. */
const CONCURRENCY = Number(process.env.BENCH_CONCURRENCY ?? 8)

/** Errand with its full record, its handler in a thread. */
export const errand: System = {
  name: 'errand',
  setup: `engine embedded in both processes, as the peers are; worker with ${CONCURRENCY} threads; everything else as shipped`,
  needs: ['postgres'],
  roles: ['submit', 'work'],
  prepare: async (services) => (await open(services)).close(),
  async open(role, services) {
    const engine = await open(services)
    const worker =
      role === 'work'
        ? await createWorker({
            engine,
            packs: [{ use: fileURLToPath(new URL('../pack.ts', import.meta.url)) }],
            logger,
            dataDir: services.folder,
            concurrency: CONCURRENCY,
          })
        : undefined
    await worker?.start()
    return {
      async submit(payload) {
        await engine.submit({ definition: 'nothing', input: payload }, who)
      },
      async latencies() {
        if (role !== 'work') return []
        const counter = await countByQuery(services.postgres, 'SELECT 0 AS count')
        const { rows } = await counter.client.query<{ latency: number }>(
          `SELECT (s.result->>'latency')::float8 AS latency FROM errand.steps s JOIN errand.tasks t ON t.id = s.task_id
           WHERE (t.input->>'paced')::boolean`,
        )
        await counter.close()
        return rows.map(({ latency }) => latency)
      },
      async close() {
        await worker?.stop({ graceMs: 5_000 })
        await engine.close()
      },
    }
  },
  async openCounter(services) {
    const counter = await countByQuery(
      services.postgres,
      "SELECT count(*) AS count FROM errand.tasks WHERE state = 'completed'",
    )
    return {
      ...counter,
      async verify(jobs) {
        const { rows } = await counter.client.query<{ count: string }>(
          `SELECT count(*) FROM (
             SELECT task_id FROM errand.transitions GROUP BY task_id
             HAVING count(DISTINCT coalesce(step, '') || '>' || "to") = $1 AND count(*) FILTER (WHERE "to" = 'completed') = 2
           ) AS whole`,
          [TRANSITIONS],
        )
        const found = Number(rows[0]?.count)
        if (found !== jobs) throw new Error(`${found} of ${jobs} tasks have their history`)
      },
    }
  },
}
