import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isOver, type Task } from '@errand/client'
import type { Engine, Principal } from '@errand/engine'
import type { Server } from '../course/server.ts'
import { forgetPeak, memoryOf } from '../machine.ts'
import { median, megabytes, quantile, ratio, seconds } from '../numbers.ts'
import { processorTime } from '../processor-time.ts'
import { digestOfRows } from './row.ts'

/** What is measured, and where. */
export interface Site {
  server: Server
  /** Over the same database, in this process: as a platform embeds it, and as the server has it. */
  engine: Engine
  /** The process of the database. */
  postgres: number
  items: number
}

/** One line of what is printed. */
export interface Figure {
  what: string
  value: string
  aim?: string
}

/** What the cost of an item is compared with. */
const FEW = 10_000
const FEW_ROUNDS = 5
/** Milliseconds between two reads of the task by somebody who watches it. */
const READ_EVERY = 200
/** Reads of a task while nothing is under way: what a read takes by itself, whatever else the machine does. */
const QUIET_READS = 100
/** Fan-outs of each kind, of which the median counts. */
const FLIGHT_ROUNDS = 8
/** Milliseconds between two short tasks while a fan-out runs. */
const SHORT_EVERY = 500

async function start({ server }: Site, definition: string, items: number, scope = 'bench'): Promise<string> {
  return (await server.client.submit({ definition, input: { items, scope } })).id
}

async function over({ server: { client } }: Site, id: string): Promise<Task> {
  for await (const event of client.watchTask(id)) if (event.type === 'task' && isOver(event.task)) return event.task
  return client.task(id)
}

/** Throws when the file is not as it should be. */
async function check({ server: { client } }: Site, task: Task, items: number): Promise<void> {
  const file = task.artifacts.find(({ slot }) => slot === 'rows')
  if (task.state !== 'completed' || file === undefined) throw new Error(JSON.stringify(task.failure ?? task.state))
  const hash = createHash('sha256')
  for await (const chunk of (await client.download(file)).body) hash.update(chunk)
  if (hash.digest('hex') !== digestOfRows(items)) throw new Error(`The file of ${items} rows is not as it should be.`)
}

interface Took {
  /** Milliseconds from before the submit to the end, and of processor time, of all processes. */
  wall: number
  processor: number
}

/** @param meanwhile - goes on until its signal, when the task is over */
async function timed(
  site: Site,
  definition: string,
  items: number,
  meanwhile: (id: string, signal: AbortSignal) => Promise<void> = async () => undefined,
): Promise<Took> {
  const pids = [site.server.server, site.server.worker, site.postgres]
  const before = await processorTime(pids)
  const begin = performance.now()
  const id = await start(site, definition, items)
  const ended = new AbortController()
  const other = meanwhile(id, ended.signal)
  const task = await over(site, id)
  const wall = performance.now() - begin
  ended.abort()
  await other
  const processor = (await processorTime(pids)) - before
  await check(site, task, items)
  return { wall, processor }
}

/** Milliseconds until a task with its progress has been read: by the engine, and over HTTP. */
interface ReadTimes {
  engine: number[]
  http: number[]
}

/** Milliseconds after which a step with many items is in the middle of them. */
const UNDER_WAY = 300

const somebody: Principal = { id: 'bench', name: 'Bench', staff: true }

/** Reads a task each way, and notes how long that took. */
async function read({ engine, server: { client } }: Site, id: string, into: ReadTimes): Promise<void> {
  const begin = performance.now()
  await engine.getTask(id, somebody)
  const asked = performance.now()
  await client.task(id)
  into.engine.push(asked - begin)
  into.http.push(performance.now() - asked)
}

const both = (took: readonly number[]) =>
  `median ${median(took).toFixed(1)} ms, p95 ${quantile(took, 0.95).toFixed(1)} ms`

/** Seconds, memory, what an item costs beside a small fan-out's, and how fast progress is read meanwhile. */
async function size(site: Site): Promise<Figure[]> {
  const { items, server } = site
  const few: Took[] = []
  for (let round = 0; round <= FEW_ROUNDS; round++) few.push(await timed(site, 'rows', FEW))
  // The first one warms up.
  few.shift()
  const ended = await start(site, 'rows', 1)
  await over(site, ended)
  const quiet: ReadTimes = { engine: [], http: [] }
  for (let times = 0; times < QUIET_READS; times++) {
    await read(site, ended, quiet)
    await delay(READ_EVERY / 10)
  }
  const memory = await Promise.all([server.server, server.worker].map(memoryOf))
  await Promise.all([server.server, server.worker].map(forgetPeak))
  const meanwhile: ReadTimes = { engine: [], http: [] }
  const many = await timed(site, 'rows', items, async (id, signal) => {
    while (!signal.aborted) {
      await delay(READ_EVERY)
      await read(site, id, meanwhile)
    }
  })
  const grown = (await Promise.all([server.server, server.worker].map(memoryOf))).map(
    ({ most }, index) => most - (memory[index]?.now ?? 0),
  )
  const each = ({ wall, processor }: Took, count: number) => [(wall / count) * 1e3, (processor / count) * 1e3] as const
  const [fewWall, fewProcessor] = each(medians(few), FEW)
  const [manyWall, manyProcessor] = each(many, items)
  return [
    { what: `${items} items: from submit to end`, value: seconds(many.wall), aim: '< 25 s for 1,000,000' },
    { what: 'items a second', value: ((items / many.wall) * 1e3).toFixed(0) },
    { what: 'growth of the server', value: megabytes(grown[0] ?? 0), aim: '< 150 MB' },
    { what: 'growth of the worker', value: megabytes(grown[1] ?? 0), aim: '< 150 MB' },
    { what: `an item, of ${FEW}`, value: `${fewWall.toFixed(1)} µs, processor ${fewProcessor.toFixed(1)} µs` },
    {
      what: `an item, of ${items}`,
      value: `${manyWall.toFixed(1)} µs (${ratio(manyWall, fewWall)}), processor ${manyProcessor.toFixed(1)} µs (${ratio(manyProcessor, fewProcessor)})`,
      aim: '≤ 1.20×',
    },
    { what: `progress read meanwhile, ${meanwhile.engine.length} times`, value: both(meanwhile.engine), aim: '< 5 ms' },
    { what: 'the same over HTTP', value: both(meanwhile.http) },
    {
      what: `progress read, nothing under way, ${quiet.engine.length} times`,
      value: both(quiet.engine),
      aim: '< 5 ms',
    },
    { what: 'the same over HTTP', value: both(quiet.http), aim: '< 5 ms' },
  ]
}

/** As many slices at once as is usual, and many. */
async function flight(site: Site): Promise<Figure[]> {
  const items = Math.ceil(site.items / 5)
  const took: Record<'rows' | 'rows-wide', Took[]> = { rows: [], 'rows-wide': [] }
  // In turn, and each as often first, so that what else the machine does hits both.
  for (let round = 0; round < FLIGHT_ROUNDS; round++) {
    const order = round % 2 === 0 ? (['rows', 'rows-wide'] as const) : (['rows-wide', 'rows'] as const)
    for (const name of order) took[name].push(await timed(site, name, items))
  }
  const usual = medians(took.rows)
  const wide = medians(took['rows-wide'])
  return [
    {
      what: `8 slices in flight, ${items} items`,
      value: `${seconds(usual.wall)}, processor ${seconds(usual.processor)}`,
    },
    {
      what: `64 slices in flight, ${items} items`,
      value: `${seconds(wide.wall)} (${ratio(wide.wall, usual.wall)}), processor ${seconds(wide.processor)} (${ratio(wide.processor, usual.processor)})`,
      aim: 'not slower',
    },
  ]
}

/** Of several times, each kind by itself. */
function medians(took: readonly Took[]): Took {
  return { wall: median(took.map(({ wall }) => wall)), processor: median(took.map(({ processor }) => processor)) }
}

/** Resolves when the first slices are being worked on. Not by the progress: the first sum may come when all is nearly over. */
async function begun({ server: { client } }: Site, id: string): Promise<void> {
  for (;;) {
    const task = await client.task(id)
    if (isOver(task)) throw new Error(`The fan-out is ${task.state} too early: ${task.failure?.title}`)
    if (task.steps[0]?.state === 'running') break
    await delay(10)
  }
  await delay(UNDER_WAY)
}

/** How long a task of one step waits while a fan-out runs, and how long the fan-out's cancel takes. */
async function others(site: Site): Promise<Figure[]> {
  const { client } = site.server
  const id = await start(site, 'rows', site.items)
  const waits: number[] = []
  await begun(site, id)
  for (let times = 0; times < 20 && !isOver(await client.task(id)); times++) {
    const short = await client.submit({ definition: 'nothing', input: {} })
    await over(site, short.id)
    const moves = await client.transitions(short.id)
    const at = (to: string) =>
      Date.parse(moves.find((move) => move.to === to && move.step === (to === 'running' ? 'only' : null))?.at ?? '')
    waits.push(at('running') - at('pending'))
    await delay(SHORT_EVERY)
  }
  await over(site, id)
  const canceled = await start(site, 'rows', site.items)
  await begun(site, canceled)
  const begin = performance.now()
  await client.cancel(canceled)
  const { state } = await over(site, canceled)
  const took = performance.now() - begin
  return [
    {
      what: `a task of one step starts meanwhile, ${waits.length} times`,
      value: `median ${seconds(median(waits))}, slowest ${seconds(Math.max(...waits))}`,
      aim: '< 1 s',
    },
    { what: `cancel of ${site.items} items under way`, value: `${seconds(took)}, ${state}`, aim: '< 5 s' },
  ]
}

/** Two at once, of different scopes. */
async function fairness(site: Site): Promise<Figure[]> {
  const items = Math.ceil(site.items / 3)
  const begin = performance.now()
  const both = await Promise.all(
    ['one', 'other'].map(async (scope) => {
      const task = await over(site, await start(site, 'rows', items, scope))
      return { task, wall: performance.now() - begin }
    }),
  )
  for (const { task } of both) await check(site, task, items)
  const walls = both.map(({ wall }) => wall)
  return [
    {
      what: `two of different scopes, ${items} items each`,
      value: `${walls.map(seconds).join(' and ')} (${ratio(Math.max(...walls), Math.min(...walls))})`,
      aim: '≤ 1.25×',
    },
  ]
}

/** What is measured, by name. */
export const parts: Readonly<Record<string, (site: Site) => Promise<Figure[]>>> = { size, flight, others, fairness }
