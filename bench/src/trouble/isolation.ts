import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { machineLine } from '../machine.ts'
import { median, quantile } from '../numbers.ts'
import { numberOf } from '../options.ts'
import { printTable } from '../table.ts'
import { onEachSetup, startRunning } from './site.ts'

/** Milliseconds: what a reader hardly notices. */
const AIM = 50
/** Milliseconds between two reads, about. */
const EVERY = 40
/** Threads: the two in trouble, and places for others. */
const CONCURRENCY = 4

/** Prints how long GET /tasks/{id} takes in a quiet service, and while one handler loops for ever and another leaks. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { reads: { type: 'string', default: '300' } } })
  const reads = numberOf('reads', values.reads)
  process.stdout.write(`${machineLine()}\n\n`)
  const rows: string[][] = []
  await onEachSetup(CONCURRENCY, async (server, setup) => {
    const { id: quietTask } = await server.run('nothing', {})
    const read = async (id: string) => {
      const times: number[] = []
      for (let done = 0; done < reads; done++) {
        const begin = performance.now()
        await server.client.task(id)
        times.push(performance.now() - begin)
        await delay(EVERY * (0.5 + Math.random()))
      }
      return times
    }
    const quiet = await read(quietTask)
    const [looping, leaking] = await Promise.all([startRunning(server, 'spins'), startRunning(server, 'leaks')])
    const begin = performance.now()
    const third = server.run('nothing', {}).then(() => performance.now() - begin)
    const troubled = await read(looping)
    const took = await third
    for (const id of [looping, leaking]) {
      const task = await server.client.task(id)
      if (task.state !== 'running') throw new Error(`${task.definition} is ${task.state}: there was no trouble`)
    }
    rows.push([setup, 'quiet', ...numbers(quiet), '', ''])
    rows.push([
      setup,
      'one loops, one leaks',
      ...numbers(troubled),
      `≤ ${AIM} ms`,
      `completed in ${took.toFixed(0)} ms`,
    ])
    await Promise.all([looping, leaking].map((id) => server.client.cancel(id)))
  })
  printTable(['setup', 'while', 'median', 'p95', 'aim (median)', 'a third task'], rows)
  process.stdout.write(`
GET /api/v1/tasks/{id} over HTTP, ${reads} reads about ${EVERY} ms apart; of the task that loops, in the troubled case.
${machineLine()}
`)
}

function numbers(times: readonly number[]): string[] {
  return [`${median(times).toFixed(1)} ms`, `${quantile(times, 0.95).toFixed(1)} ms`]
}
