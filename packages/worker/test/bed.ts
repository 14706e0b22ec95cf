import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type DatabaseConfig,
  type Engine,
  type Principal,
  type TaskView,
  type Transition,
} from '@errand/engine'
import { pino } from 'pino'
import { createWorker, type Worker, type WorkerOptions } from '../src/create-worker.ts'

export const probes = fileURLToPath(new URL('./packs/probes.ts', import.meta.url))
export const withStore = fileURLToPath(new URL('./packs/with-store.ts', import.meta.url))
export const who: Principal = { id: 'ada', name: 'Ada', staff: true }

/** The engine's own port, with some of its methods changed. */
export function changedPort(work: Engine['work'], changes: Partial<Engine['work']>): Engine['work'] {
  return new Proxy(work, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

export interface Ended {
  task: TaskView
  logs: string[]
  transitions: Transition[]
}

/** A task under way. */
export interface Started {
  id: string
  /** When the log has such a line. */
  logged(part: string): Promise<void>
  ended: Promise<Ended>
}

/** A real engine and a real worker on it, in memory but for the stored files. */
export class Bed implements AsyncDisposable {
  readonly engine: Engine
  readonly folder: string
  /** What the workers' loggers were told. */
  readonly lines: string[] = []
  readonly #workers: Worker[] = []

  private constructor(engine: Engine, folder: string) {
    this.engine = engine
    this.folder = folder
  }

  static async open(database: DatabaseConfig = { kind: 'pglite', dataDir: 'memory://' }): Promise<Bed> {
    const folder = await mkdtemp(join(tmpdir(), 'errand-worker-'))
    const storages = { default: { scheme: 'fs', root: join(folder, 'storage') } }
    return new Bed(await createEngine({ database, storages }), folder)
  }

  async worker(options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const logger = pino({ level: 'debug' }, { write: (line) => void this.lines.push(line) })
    const worker = await createWorker({
      engine: this.engine,
      packs: [{ use: probes }],
      logger,
      dataDir: join(this.folder, 'data'),
      concurrency: 2,
      graceMs: 300,
      memoryMb: 64,
      ...options,
    })
    this.#workers.push(worker)
    await worker.start()
    return worker
  }

  async start(definition: string, input: unknown = {}, uploads: Record<string, string> = {}): Promise<Started> {
    const { task } = await this.engine.submit({ definition, input, uploads }, who)
    const logs: string[] = []
    const transitions: Transition[] = []
    const waiting = new Map<string, PromiseWithResolvers<void>>()
    const follow = async (): Promise<Ended> => {
      for await (const event of this.engine.watchTask(task.id, who)) {
        if (event.type === 'transition') transitions.push(event.transition)
        if (event.type !== 'log') continue
        logs.push(event.line.message)
        for (const [part, waiter] of waiting) if (event.line.message.includes(part)) waiter.resolve()
      }
      for (const waiter of waiting.values())
        waiter.reject(new Error(`The task ended and logged only: ${logs.join(' | ')}`))
      return { task: await this.engine.getTask(task.id, who), logs, transitions }
    }
    const ended = follow()
    return {
      id: task.id,
      logged: (part) => {
        if (logs.some((line) => line.includes(part))) return Promise.resolve()
        const waiter = waiting.get(part) ?? Promise.withResolvers<void>()
        waiting.set(part, waiter)
        return waiter.promise
      },
      ended,
    }
  }

  /** When the task says that it waits for this. */
  async waits(id: string, reason: string | RegExp): Promise<void> {
    for (;;) {
      const { waiting } = await this.engine.getTask(id, who)
      if (waiting !== null && (typeof reason === 'string' ? waiting === reason : reason.test(waiting))) return
      await delay(20)
    }
  }

  /** The task once it is over. */
  async until(id: string): Promise<TaskView> {
    for await (const _event of this.engine.watchTask(id, who));
    return this.engine.getTask(id, who)
  }

  async run(definition: string, input: unknown = {}, uploads: Record<string, string> = {}): Promise<Ended> {
    const started = await this.start(definition, input, uploads)
    return started.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker.stop({ graceMs: 0 })
    await this.engine.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}
