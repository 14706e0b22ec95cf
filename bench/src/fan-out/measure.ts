import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { order } from '../order.ts'
import { processorTime } from '../processor-time.ts'
import type { Services } from '../services.ts'
import type { Order } from './participant.ts'
import { digestOfRows } from './row.ts'
import type { FanOutSystem } from './system.ts'

const PARTICIPANT = fileURLToPath(new URL('./participant.ts', import.meta.url))
/** Items before anything is measured: code gets compiled, pools get their connections. */
const WARM_UP = 2_000

/** A system with its processes, warm. */
export class RunningFanOut implements AsyncDisposable {
  readonly #system: FanOutSystem
  readonly #services: Services
  readonly #starter: ChildProcess
  readonly #workers: readonly ChildProcess[]
  #runs = 0
  #items = 0

  private constructor(
    system: FanOutSystem,
    services: Services,
    starter: ChildProcess,
    workers: readonly ChildProcess[],
  ) {
    this.#system = system
    this.#services = services
    this.#starter = starter
    this.#workers = workers
  }

  static async start(system: FanOutSystem, services: Services): Promise<RunningFanOut> {
    await system.prepare(services)
    const open = async (role: 'start' | 'work'): Promise<ChildProcess> => {
      const profile = process.env.BENCH_PROFILE
      const execArgv =
        profile === undefined
          ? []
          : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${system.name}-${role}.cpuprofile`]
      const child = fork(PARTICIPANT, { execArgv })
      await order<Order, void>(child, { do: 'open', system: system.name, role, services })
      return child
    }
    // Workers first: they are what makes a definition known.
    const workers = await Promise.all(Array.from({ length: system.workers }, () => open('work')))
    const running = new RunningFanOut(system, services, await open('start'), workers)
    await running.run(WARM_UP)
    await analyze(services)
    return running
  }

  get pids(): number[] {
    return [this.#starter, ...this.#workers].map(({ pid }) => pid ?? 0)
  }

  /**
   * Runs one fan-out, and checks its file byte for byte.
   *
   * @returns milliseconds from the start of the planning until the file was complete, and the processor time of its own
   *   processes meanwhile
   */
  async run(items: number): Promise<{ wall: number; own: number }> {
    const file = join(this.#services.folder, `run-${++this.#runs}.csv`)
    this.#items += items
    const own = await processorTime(this.pids)
    const begin = performance.now()
    await order<Order, void>(this.#starter, { do: 'run', items, file })
    const wall = performance.now() - begin
    const took = { wall, own: (await processorTime(this.pids)) - own }
    const digest = await digestOf(file)
    if (digest !== digestOfRows(items)) throw new Error(`The file of ${items} items is not as it should be: ${file}`)
    await rm(file)
    return took
  }

  /** Throws when the system's record is not complete. */
  async verify(): Promise<void> {
    const done = await this.#system.done(this.#services)
    if (done !== this.#items) throw new Error(`${done} of ${this.#items} items are on record as done`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of [this.#starter, ...this.#workers]) {
      if (child.exitCode !== null) continue
      const gone = once(child, 'exit')
      await order<Order, void>(child, { do: 'close' }).catch(() => child.kill())
      await gone
    }
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** As autovacuum does within a minute; without it, plans are made for tables of a size that is not theirs. */
async function analyze({ postgres }: Services): Promise<void> {
  const client = new pg.Client({ connectionString: postgres })
  await client.connect()
  await client.query('ANALYZE')
  await client.end()
}
