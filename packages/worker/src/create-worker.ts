import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Engine } from '@errand/engine'
import type { DefinitionShape, Failure } from '@errand/task'
import type { Logger } from 'pino'
import { ClaimLoop } from './claim-loop.ts'
import {
  DEFAULT_CONCURRENCY,
  DEFAULT_DATA_DIR,
  DEFAULT_GRACE_MS,
  DEFAULT_MEMORY_MB,
  DEFAULT_START_MS,
} from './config.ts'
import { MoveLoop } from './move-loop.ts'
import { type PackUse, resolvePack } from './resolve-pack.ts'
import { ServedPacks } from './served-packs.ts'
import { Threads } from './threads.ts'

/** What a worker is made of. */
export interface WorkerOptions {
  engine: Pick<Engine, 'work'>
  /** What it serves. */
  packs: readonly PackUse[]
  logger: Logger
  /** The folder that the packs' paths and names are looked up from. Default: the current one. */
  cwd?: string
  /** Where packs keep the stores that are configured nowhere else. Default `.errand`. */
  dataDir?: string
  /** Steps at once. Default: the number of processors, and at least 4. */
  concurrency?: number
  /** Shown to people. Default: the host's name. */
  name?: string
  /** Milliseconds from a step's abort signal to the end of its thread. Default 10,000. */
  graceMs?: number
  /** Milliseconds a thread may take to begin a step before it is replaced, as a former step keeps it busy. Default 30,000. */
  startMs?: number
  /** MiB of heap and buffers for each step. Default 512. */
  memoryMb?: number
  /** Hears of every failed attempt, with the stack that users are not shown. */
  onFailure?: (failure: Failure) => void
}

/** Runs the steps of the packs it serves. */
export interface Worker {
  readonly id: string
  readonly name: string
  /** What it serves. */
  readonly definitions: readonly DefinitionShape[]
  /** Steps in hand. */
  readonly running: number
  /**
   * Registers what it serves, and begins to work.
   *
   * @throws {Problem} `definition-conflict` when a version is registered with another shape already
   */
  start(): Promise<void>
  /**
   * Takes no more steps, gives those in hand `graceMs` to end, and hands the rest back without spending an
   * attempt. Resolves when all is reported and the threads are gone.
   */
  stop(options?: { graceMs?: number }): Promise<void>
}

/**
 * Loads the packs and makes a worker of them. It does nothing before {@link Worker.start}.
 *
 * @throws {TaskFailure} `pack-not-found`, `pack-load-failed`, `pack-empty`, `pack-options-invalid`,
 *   `definition-invalid`, `definition-duplicate` or `store-invalid`, naming the pack
 * @example
 * ```ts
 * const worker = await createWorker({ engine, packs: [{ use: '@errand/course' }], logger: pino() })
 * await worker.start()
 * process.once('SIGTERM', () => worker.stop({ graceMs: 20_000 }))
 * ```
 */
export async function createWorker(options: WorkerOptions): Promise<Worker> {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new TypeError(`concurrency must be a whole number from 1, got ${concurrency}`)
  }
  const cwd = resolve(options.cwd ?? '.')
  const memoryMb = options.memoryMb ?? DEFAULT_MEMORY_MB
  const sources = await Promise.all(options.packs.map((pack) => resolvePack(pack, cwd)))
  const threads = new Threads({ packs: sources, count: concurrency, memoryMb, logger: options.logger })
  try {
    const packs = new ServedPacks(await threads.describe(), resolve(cwd, options.dataDir ?? DEFAULT_DATA_DIR))
    const graceMs = options.graceMs ?? DEFAULT_GRACE_MS
    const name = options.name ?? hostname()
    const info = { id: randomUUID(), name, host: hostname(), pid: process.pid, concurrency }
    const { work } = options.engine
    const logger = options.logger.child({ worker: name })
    const startMs = options.startMs ?? DEFAULT_START_MS
    const { onFailure } = options
    const environment = { work, threads, packs, logger, graceMs, startMs, memoryMb, onFailure }
    const loop = new ClaimLoop(info, environment)
    const moves = new MoveLoop(info.id, environment)
    return {
      id: info.id,
      name,
      definitions: packs.shapes,
      get running() {
        return loop.running
      },
      start: async () => {
        await work.register(info, packs.shapes)
        loop.start()
        moves.start()
      },
      stop: async (how = {}) => {
        await moves.stop()
        await loop.stop(how.graceMs ?? graceMs)
        await threads.close()
      },
    }
  } catch (error) {
    await threads.close()
    throw error
  }
}
