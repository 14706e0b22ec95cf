import { parseArgs } from 'node:util'
import { machineLine } from '../machine.ts'
import { median, quantile } from '../numbers.ts'
import { namedBy, numberOf } from '../options.ts'
import { type Services, startServices } from '../services.ts'
import { printTable } from '../table.ts'
import { type Extent, Running } from './measure.ts'
import type { System } from './system.ts'
import { systems } from './systems/index.ts'

const AIMS = { 'pg-boss': 0.5, DBOS: 3, latency: 20 }

interface Result {
  system: System
  /** Jobs a second, one for each round. */
  rates: number[]
  /** Milliseconds of processor time for each job, of its own processes and of the servers; one for each round. */
  own: number[]
  servers: number[]
  latencies: number[]
}

/** Prints how many jobs of nothing each system does in a second, and how long one waits to begin. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      tasks: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '3' },
      'in-flight': { type: 'string', default: '64' },
      only: { type: 'string', multiple: true },
    },
  })
  const chosen = namedBy('only', values.only, systems, ({ name }) => name)
  const rounds = numberOf('rounds', values.rounds)
  const jobs = numberOf('tasks', values.tasks)
  const extent: Extent = { jobs, inFlight: numberOf('in-flight', values['in-flight']), paced: 200, every: 40 }
  process.stdout.write(`${machineLine()}\n\n`)
  await using services = await startServices(chosen.some(({ needs }) => needs.includes('redis')))
  const results: Result[] = []
  for (const system of chosen) {
    if (system.needs.includes('redis') && services.redis === undefined) {
      process.stdout.write(`skipped: ${system.name}, as there is no redis-server\n`)
      continue
    }
    process.stderr.write(`Measuring ${system.name}…\n`)
    try {
      results.push(await measure(system, await services.forSystem(system.name), services.pids, extent, rounds))
    } catch (error) {
      // What the others did is worth printing all the same.
      process.exitCode = 1
      process.stdout.write(`failed: ${system.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    }
  }
  print(results, extent, rounds)
}

async function measure(
  system: System,
  services: Services,
  servers: readonly number[],
  extent: Extent,
  rounds: number,
): Promise<Result> {
  await using running = await Running.start(system, services, servers)
  const latencies = await running.pace(extent)
  const result: Result = { system, rates: [], own: [], servers: [], latencies }
  for (let round = 0; round < rounds; round++) {
    const took = await running.flood(extent.jobs, extent.inFlight)
    result.rates.push((extent.jobs / took.wall) * 1_000)
    result.own.push(took.own / extent.jobs)
    result.servers.push(took.servers / extent.jobs)
  }
  await running.verify()
  return result
}

function print(results: readonly Result[], extent: Extent, rounds: number): void {
  const ours = results.find(({ system }) => system.name === 'errand')
  printTable(
    ['system', 'jobs/s', 'slowest–fastest', 'errand to it', 'aim', 'latency median', 'p95', 'CPU/job own', 'servers'],
    results.map(({ system, rates, latencies, own, servers }) => [
      system.name,
      median(rates).toFixed(0),
      `${Math.min(...rates).toFixed(0)}–${Math.max(...rates).toFixed(0)}`,
      ours === undefined || ours.system === system ? '' : `${(median(ours.rates) / median(rates)).toFixed(2)}×`,
      system.name === 'pg-boss' || system.name === 'DBOS' ? `≥ ${AIMS[system.name]}×` : '',
      `${median(latencies).toFixed(1)} ms`,
      `${quantile(latencies, 0.95).toFixed(1)} ms`,
      `${median(own).toFixed(2)} ms`,
      `${median(servers).toFixed(2)} ms`,
    ]),
  )
  process.stdout.write(`
jobs/s: from the first submit until all are completed on record; median of ${rounds} rounds of ${extent.jobs}, ${extent.inFlight} submits at once.
latency: from the submit to the handler's first line, ${extent.paced} jobs about ${extent.every} ms apart; errand's aim is a median ≤ ${AIMS.latency} ms.
CPU/job: processor time of the system's own two processes, and of PostgreSQL or Redis.
Each system has two processes, and PostgreSQL is one server for all, with the durable settings it comes with;\neach database is analyzed once its system is warm.
${results.map(({ system }) => `  ${system.name}: ${system.setup}`).join('\n')}
${machineLine()}
`)
}
