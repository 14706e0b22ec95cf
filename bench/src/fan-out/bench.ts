import { parseArgs } from 'node:util'
import { machineLine } from '../machine.ts'
import { median, seconds } from '../numbers.ts'
import { namedBy, numberOf } from '../options.ts'
import { type ServiceHost, startServices } from '../services.ts'
import { printTable } from '../table.ts'
import { RunningFanOut } from './measure.ts'
import type { FanOutSystem } from './system.ts'
import { systems } from './systems/index.ts'

/** How much faster than the best of the others Errand means to be. */
const AIM = 10
/** Milliseconds after which no further round of one system is begun: some take minutes for one. */
const LONG_ENOUGH = 60_000

interface Result {
  system: FanOutSystem
  items: number
  /** Milliseconds, one for each round. */
  walls: number[]
  /** Milliseconds of processor time of its own processes for 1,000 items. */
  own: number[]
}

/** Prints how many items a second each system does, each of which appends a row to one file. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '7' },
      workers: { type: 'string' },
      only: { type: 'string', multiple: true },
    },
  })
  const chosen = namedBy('only', values.only, systems, ({ name }) => name)
  const rounds = numberOf('rounds', values.rounds)
  const items = numberOf('items', values.items)
  const workers = values.workers === undefined ? undefined : numberOf('workers', values.workers)
  process.stdout.write(`${machineLine()}\n\n`)
  await using services = await startServices(chosen.some(({ needs }) => needs.includes('redis')))
  const results: Result[] = []
  for (const system of chosen) {
    if (system.needs.includes('redis') && services.redis === undefined) {
      process.stdout.write(`skipped: ${system.name}, as there is no redis-server\n`)
      continue
    }
    process.stderr.write(`Measuring ${system.name}…\n`)
    const asked = workers === undefined ? system : { ...system, workers }
    try {
      results.push(await measure(asked, services, items, rounds))
    } catch (error) {
      // What the others did is worth printing all the same.
      process.exitCode = 1
      process.stdout.write(`failed: ${system.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    }
  }
  print(results)
}

async function measure(system: FanOutSystem, services: ServiceHost, wanted: number, rounds: number): Promise<Result> {
  const items = Math.min(wanted, system.most ?? wanted)
  await using running = await RunningFanOut.start(system, await services.forSystem(system.name))
  const result: Result = { system, items, walls: [], own: [] }
  const begin = performance.now()
  for (let round = 0; round < rounds && performance.now() - begin < LONG_ENOUGH; round++) {
    const { wall, own } = await running.run(items)
    result.walls.push(wall)
    result.own.push((own / items) * 1_000)
  }
  await running.verify()
  return result
}

function print(results: readonly Result[]): void {
  const rate = ({ items, walls }: Result) => (items / median(walls)) * 1_000
  const ours = results.find(({ system }) => system.name === 'errand')
  const best = results.filter((result) => result !== ours).toSorted((a, b) => rate(b) - rate(a))[0]
  printTable(
    ['system', 'items', 'rounds', 'seconds', 'slowest–fastest', 'items/s', 'errand to it', 'aim', 'own CPU/1,000'],
    results.map((result) => [
      result.system.name,
      String(result.items),
      String(result.walls.length),
      seconds(median(result.walls)),
      `${seconds(Math.max(...result.walls))}–${seconds(Math.min(...result.walls))}`,
      rate(result).toFixed(0),
      ours === undefined || ours === result ? '' : `${(rate(ours) / rate(result)).toFixed(2)}×`,
      ours !== undefined && result === best ? `≥ ${AIM}×` : '',
      `${median(result.own).toFixed(1)} ms`,
    ]),
  )
  process.stdout.write('\n')
  for (const { system } of results) process.stdout.write(`${system.name}: ${system.setup}; ${system.workers} worker\n`)
  process.stdout.write(`\nAt the end: ${machineLine()}\n`)
}
