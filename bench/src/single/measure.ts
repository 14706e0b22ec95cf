import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { order as ask } from '../order.ts'
import { processorTime } from '../processor-time.ts'
import type { Services } from '../services.ts'
import type { Answer, Order } from './participant.ts'
import type { Counter, System } from './system.ts'

const PARTICIPANT = fileURLToPath(new URL('./participant.ts', import.meta.url))

/** How much is measured. */
export interface Extent {
  /** Jobs in one round. */
  jobs: number
  /** Submits under way at once, in all. */
  inFlight: number
  /** Jobs that come one after the other, for the latency, and milliseconds between them. */
  paced: number
  every: number
}

/** Jobs before anything is measured: code gets compiled, pools get their connections. */
const WARM_UP = 1_000
/** Milliseconds between two looks at how many are completed, at least and at most: a look is work for the database too. */
const LOOK = { least: 10, most: 500 }
/** Milliseconds without a further completed job after which a system is given up. */
const PATIENCE = 60_000

/** A system with its two processes, warm. */
export class Running implements AsyncDisposable {
  readonly #processes: readonly ChildProcess[]
  readonly #submitters: readonly ChildProcess[]
  readonly #counter: Counter
  readonly #servers: readonly number[]
  #jobs = 0

  private constructor(
    processes: readonly ChildProcess[],
    submitters: readonly ChildProcess[],
    counter: Counter,
    servers: readonly number[],
  ) {
    this.#servers = servers
    this.#processes = processes
    this.#submitters = submitters
    this.#counter = counter
  }

  /** @param servers - the processes of the servers that the system uses */
  static async start(system: System, services: Services, servers: readonly number[]): Promise<Running> {
    await system.prepare(services)
    const processes: ChildProcess[] = []
    for (const role of system.roles.toReversed()) {
      const name = `${system.name}-${role}`
      const profile = process.env.BENCH_PROFILE
      const execArgv =
        profile === undefined
          ? []
          : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}-${processes.length}.cpuprofile`]
      const child = fork(PARTICIPANT, { execArgv })
      // The worker is opened first: it is what makes the definition known.
      await order(child, { do: 'open', system: system.name, role, services })
      processes.unshift(child)
    }
    const submitters = processes.filter((_, index) => system.roles[index] !== 'work')
    const running = new Running(processes, submitters, await system.openCounter(services), servers)
    await running.flood(WARM_UP, 50)
    await running.#counter.settle?.()
    return running
  }

  /**
   * @returns milliseconds from the first submit until all are completed on record, and the processor time that its own
   *   processes and the servers took for it
   */
  async flood(jobs: number, inFlight: number): Promise<{ wall: number; own: number; servers: number }> {
    const pids = this.#processes.map(({ pid }) => pid ?? 0)
    const [own, servers] = [await processorTime(pids), await processorTime(this.#servers)]
    const begin = performance.now()
    const share = this.#submitters.length
    const submitting = this.#submitters.map((child, index) =>
      order(child, {
        do: 'flood',
        count: Math.floor((jobs + index) / share),
        inFlight: Math.floor(inFlight / share),
      }),
    )
    const completed = this.#untilCompleted(jobs)
    await Promise.all([...submitting, completed])
    const wall = performance.now() - begin
    return {
      wall,
      own: (await processorTime(pids)) - own,
      servers: (await processorTime(this.#servers)) - servers,
    }
  }

  /** @returns the milliseconds from each submit to the handler's first line, in a quiet system */
  async pace({ paced, every }: Extent): Promise<number[]> {
    const share = this.#submitters.length
    const pacing = this.#submitters.map((child, index) =>
      order(child, { do: 'pace', count: Math.floor((paced + index) / share), every: every * share }),
    )
    await Promise.all([...pacing, this.#untilCompleted(paced)])
    const answers = await Promise.all(this.#processes.map((child) => order(child, { do: 'latencies' })))
    return answers.flatMap((answer) => answer.latencies ?? [])
  }

  /** Throws when the system's record is not complete. */
  async verify(): Promise<void> {
    await this.#counter.verify?.(this.#jobs)
  }

  async #untilCompleted(jobs: number): Promise<void> {
    const before = this.#jobs
    this.#jobs += jobs
    const begin = performance.now()
    let last = -1
    let since = begin
    for (;;) {
      const count = await this.#counter.count()
      if (count >= this.#jobs) return
      const time = performance.now()
      if (count !== last) {
        last = count
        since = time
      } else if (time - since > PATIENCE) {
        throw new Error(`Only ${count} of ${this.#jobs} jobs were completed.`)
      }
      // Half of the time that is left at this speed.
      const left = ((time - begin) / Math.max(1, count - before)) * (this.#jobs - count)
      await delay(Math.min(LOOK.most, Math.max(LOOK.least, left / 2)))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#counter.close()
    for (const child of this.#processes) {
      if (child.exitCode !== null) continue
      const gone = once(child, 'exit')
      await order(child, { do: 'close' }).catch(() => child.kill())
      await gone
    }
  }
}

function order(child: ChildProcess, what: Order): Promise<Answer> {
  return ask<Order, Answer>(child, what)
}
