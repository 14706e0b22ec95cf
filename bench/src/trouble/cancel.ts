import { parseArgs } from 'node:util'
import type { Server } from '../course/server.ts'
import { machineLine } from '../machine.ts'
import { median, quantile, seconds } from '../numbers.ts'
import { namedBy, numberOf } from '../options.ts'
import { printTable } from '../table.ts'
import { onEachSetup, startRunning } from './site.ts'

/** Milliseconds from the abort signal to the end of the thread, as shipped. */
const GRACE = 10_000
/** Milliseconds on top of what the handler takes by itself. */
const AIM = 2_000

/** How a handler takes it, how often that is measured, and how many tasks are canceled at one moment. */
const kinds = [
  { definition: 'listens', about: 'listens to its signal', samples: 40, atOnce: 4, aim: AIM },
  { definition: 'ignores', about: 'ignores it', samples: 12, atOnce: 4, aim: GRACE + AIM },
  // Each takes a processor for itself until it is ended.
  { definition: 'spins', about: 'is in a busy loop', samples: 12, atOnce: 2, aim: GRACE + AIM },
] as const

/** Prints how long a cancel takes, from before the request until a watcher is told that the task is canceled. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { samples: { type: 'string' }, only: { type: 'string', multiple: true } },
  })
  const chosen = namedBy('only', values.only, kinds, ({ definition }) => definition)
  const asked = values.samples === undefined ? undefined : numberOf('samples', values.samples)
  process.stdout.write(`${machineLine()}\n\n`)
  const rows: string[][] = []
  await onEachSetup(
    4,
    async (server, setup) => {
      await Promise.all([1, 2, 3, 4].map(() => server.run('nothing', {})))
      for (const { about, aim, atOnce, definition, samples } of chosen) {
        const wanted = asked ?? samples
        process.stderr.write(`${setup}: canceling a task that ${about}…\n`)
        const times: number[] = []
        while (times.length < wanted) {
          const many = Math.min(atOnce, wanted - times.length)
          const ids = await Promise.all(Array.from({ length: many }, () => startRunning(server, definition)))
          times.push(...(await Promise.all(ids.map((id) => cancel(server, id)))))
        }
        rows.push([
          setup,
          about,
          String(times.length),
          seconds(median(times)),
          seconds(quantile(times, 0.95)),
          seconds(Math.max(...times)),
          `< ${seconds(aim)}`,
        ])
      }
    },
    ['apart'],
  )
  printTable(['setup', 'a handler that', 'samples', 'median', 'p95', 'slowest', 'aim (p95)'], rows)
  process.stdout.write(`
From before the request until a watcher over HTTP hears "canceled". The grace time is ${GRACE / 1_000} s, as shipped.
${machineLine()}
`)
}

async function cancel({ client }: Server, id: string): Promise<number> {
  const watched = (async () => {
    for await (const event of client.watchTask(id)) if (event.type === 'task' && event.task.state === 'canceled') break
    return performance.now()
  })()
  const begin = performance.now()
  await client.cancel(id)
  return (await watched) - begin
}
