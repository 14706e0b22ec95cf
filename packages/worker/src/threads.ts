import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { VersionMove } from '@errand/engine'
import { isTaskFailure, TaskFailure } from '@errand/task'
import type { Logger } from 'pino'
import { Piscina } from 'piscina'
import { hardMemoryLimit, KEPT_THREADS, PACK_LOAD_MS, THREAD_IDLE_MS, YOUNG_MB } from './config.ts'
import { watchMemory } from './memory-watch.ts'
import type {
  ConsoleLine,
  Description,
  MoveAnswer,
  Order,
  PackDescription,
  PackSource,
  ThreadSetup,
} from './thread/messages.ts'

/** How many threads at most, what they load, and what each may use. */
export interface ThreadsOptions {
  packs: readonly PackSource[]
  count: number
  /** MiB of heap and buffers for each. */
  memoryMb: number
  logger: Logger
}

/** The extension of this very file: `.ts` from a checkout, `.js` from a published package. */
const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'

/** The threads that run task code, one step at a time each. More are started when more is to be done; one that dies is replaced. */
export class Threads {
  readonly #pool: Piscina<Order, Description | MoveAnswer[] | undefined>
  readonly #memoryMb: number

  constructor(options: ThreadsOptions) {
    this.#memoryMb = options.memoryMb
    const setup: ThreadSetup = { packs: options.packs }
    this.#pool = new Piscina<Order, Description | MoveAnswer[] | undefined>({
      filename: fileURLToPath(new URL(`./thread/main${EXTENSION}`, import.meta.url)),
      minThreads: Math.min(KEPT_THREADS, options.count),
      maxThreads: options.count,
      idleTimeout: THREAD_IDLE_MS,
      concurrentTasksPerWorker: 1,
      // Waiting for orders with Atomics.wait would freeze what a pack keeps alive between steps, such as a connection.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: {
        maxOldGenerationSizeMb: hardMemoryLimit(options.memoryMb),
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
      env: threadEnvironment(),
      workerData: setup,
    })
    // A thread that dies without a step in hand is replaced as well; that it died is worth knowing.
    this.#pool.on('error', (error: unknown) => options.logger.warn({ err: error }, 'a thread ended between steps'))
    this.#pool.on('message', (line: ConsoleLine) => {
      if (line?.errand !== 'console') return
      const { taskId, step } = line
      options.logger[line.level]({ console: true, taskId, step }, line.text)
    })
  }

  /**
   * Loads the packs in a thread and says what is in them.
   *
   * @throws {TaskFailure} naming the pack that could not be loaded, and why
   */
  async describe(): Promise<PackDescription[]> {
    const timeout = AbortSignal.timeout(PACK_LOAD_MS)
    let description: Description | MoveAnswer[] | undefined
    try {
      description = await this.#pool.run({ kind: 'describe' }, { signal: timeout })
    } catch (error) {
      throw new TaskFailure({
        code: 'pack-load-failed',
        title: 'A pack could not be loaded',
        detail: timeout.aborted
          ? `One of ${this.#names()} was not loaded after ${PACK_LOAD_MS / 1_000} seconds.`
          : `One of ${this.#names()} ended its thread while it was being loaded: ${messageOf(error)}.`,
        hint: 'A pack may only define tasks while it is being loaded; what it does, it does in its steps.',
        cause: error,
      })
    }
    if (description === undefined || Array.isArray(description)) throw new Error('A thread did not describe its packs.')
    if ('packs' in description) return description.packs
    const { code, title, detail, hint, stack } = description.failure
    throw new TaskFailure({ code, title, detail, ...(hint === undefined ? {} : { hint }), cause: stack })
  }

  /**
   * Runs a step. Its outcome comes over the port; this resolves when the thread is free again.
   *
   * @throws what ended the thread, also when that was `kill`
   */
  async runStep(step: Omit<Order & { kind: 'step' }, 'kind'>, kill: AbortSignal): Promise<void> {
    await this.#pool.run({ kind: 'step', ...step }, { transferList: [step.port], signal: kill })
  }

  /**
   * Has the pack's code make tasks of older versions fit. As many answers as moves, in their order.
   *
   * @throws what ended the thread, also when that was `kill`
   */
  async migrate(order: { moves: VersionMove[]; pack: number }, kill: AbortSignal): Promise<MoveAnswer[]> {
    const answers = await this.#pool.run({ kind: 'migrate', ...order }, { signal: kill })
    if (!Array.isArray(answers)) throw new Error('A thread did not answer for the tasks to take over.')
    return answers
  }

  /** Calls `exceeded` once when the thread uses more memory than it may. Returns how to stop watching. */
  watchMemory(threadId: number, exceeded: () => void): () => void {
    const thread = this.#pool.threads.find((each) => each.threadId === threadId)
    return thread === undefined ? () => undefined : watchMemory(thread, this.#memoryMb * 1024 * 1024, exceeded)
  }

  /** Ends every thread, whatever it is doing. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  #names(): string {
    const { packs }: ThreadSetup = this.#pool.options.workerData
    return packs.map(({ name }) => name).join(', ')
  }
}

/**
 * Threads read what the process keeps compiled, where it keeps that: they start in half the time and take 25 MB each instead of 31.
 * Node hands its cache on to threads by this variable alone.
 */
function threadEnvironment(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir()
  // Without the last folder, which is of this version of Node: each thread adds that by itself.
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) }
}

function messageOf(error: unknown): string {
  return error instanceof Error && !isTaskFailure(error) ? error.message : String(error)
}
