import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createEngine,
  type Engine,
  openObjectStore,
  type Principal,
  type TaskSnapshot,
  type Transition,
} from '@errand/engine'
import type { DefinitionShape, ObjectStore } from '@errand/task'
import { createWorker, type Worker } from '@errand/worker'
import { type Logger, pino } from 'pino'
import { TestRun } from './test-run.ts'
import { type UploadSource, uploadOf } from './upload-source.ts'

/** Steps at once: two, so that what may run side by side does, on a small machine too. */
const CONCURRENCY = 2
/** Milliseconds a step that does not listen to its signal has. A test that cancels one should not wait long. */
const GRACE_MS = 1_000
/** Milliseconds between two looks at whether a newer version has refused a task. */
const WAIT_MS = 100
const TESTER: Principal = { id: 'tester', name: 'Tester', staff: true }

/** What a testbed serves. */
export interface TestbedOptions {
  /**
   * The module of the pack, or of the definition alone, as its code runs in threads, which load it themselves:
   * `new URL('./index.ts', import.meta.url)`, a path, or the name of an installed package.
   */
  pack: string | URL
  /** The pack's options, as the platform's configuration would give them. */
  options?: unknown
  /** Who starts the tasks. Default: a tester, who is staff. */
  principal?: Principal
  /** Steps at once. Default 2. */
  concurrency?: number
  /** Milliseconds from a step's abort signal to the end of its thread. Default 1,000. */
  graceMs?: number
  /** MiB of heap for each step. Default: the worker's. */
  memoryMb?: number
  /** Hears what the worker has to say, and what steps write to the console. Default: silent. */
  logger?: Logger
}

/** What one run is given. */
export interface RunOptions {
  input?: unknown
  /** By the definition's upload names. */
  uploads?: Readonly<Record<string, UploadSource>>
  /** Default: the promoted one. */
  version?: number
}

/** A task under way. */
export interface StartedTask {
  readonly id: string
  /** Resolves when the task's log has a line with this in it; a signal for tests, where a sleep would be a guess. */
  logged(part: string): Promise<void>
  /** Asks the task to end. */
  cancel(): Promise<void>
  /** The task when it is over. */
  readonly ended: Promise<TestRun>
}

/**
 * Makes a testbed: the record in memory (PGlite), a worker with threads, files in a temporary folder. It takes some
 * seconds, so make one for a whole test file; each run is quick.
 *
 * @throws {TaskFailure} what is wrong with the pack or its options
 * @example
 * ```ts
 * let bed: Testbed
 * beforeAll(async () => {
 *   bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url) })
 * })
 * afterAll(() => bed.close())
 *
 * test('greets by name', async () => {
 *   const run = await bed.run('hello', { input: { who: 'Ada' } })
 *   expect(run.state).toBe('completed')
 *   expect(await run.artifact('card').text()).toBe('Hello Ada')
 * })
 *
 * test('a roster without learners is refused', async () => {
 *   const run = await bed.run('grade-report', { uploads: { roster: { content: 'id;name\n', filename: 'empty.csv' } } })
 *   expect(run.failure).toMatchObject({ code: 'roster-empty', step: 'read' })
 * })
 * ```
 */
export async function createTestbed(options: TestbedOptions): Promise<Testbed> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-test-'))
  const stacks = new Map<string, string>()
  let engine: Engine | undefined
  let worker: Worker | undefined
  try {
    engine = await createEngine({
      database: { kind: 'pglite', dataDir: 'memory://' },
      storages: { default: { scheme: 'fs', root: join(folder, 'storage') } },
    })
    worker = await createWorker({
      engine,
      packs: [{ use: options.pack, options: options.options }],
      dataDir: folder,
      concurrency: options.concurrency ?? CONCURRENCY,
      graceMs: options.graceMs ?? GRACE_MS,
      ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
      name: 'test',
      logger: options.logger ?? pino({ level: 'silent' }),
      onFailure: ({ reference, stack }) => {
        if (stack !== undefined) stacks.set(reference, stack)
      },
    })
    await worker.start()
    return new Testbed({ engine, worker, folder, who: options.principal ?? TESTER, stacks })
  } catch (error) {
    await worker?.stop({ graceMs: 0 })
    await engine?.close()
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Runs the tasks of one pack. See {@link createTestbed}. */
export class Testbed implements AsyncDisposable {
  /** For what the testbed has no word for. */
  readonly engine: Engine
  readonly #worker: Worker
  readonly #folder: string
  readonly #who: Principal
  readonly #stacks: ReadonlyMap<string, string>

  constructor(parts: {
    engine: Engine
    worker: Worker
    folder: string
    who: Principal
    stacks: ReadonlyMap<string, string>
  }) {
    this.engine = parts.engine
    this.#worker = parts.worker
    this.#folder = parts.folder
    this.#who = parts.who
    this.#stacks = parts.stacks
  }

  /** The shapes of the definitions in the pack. */
  get definitions(): readonly DefinitionShape[] {
    return this.#worker.definitions
  }

  /**
   * Runs a task to its end, whatever that is.
   *
   * @throws {Problem} when the task cannot even start: `input-invalid`, `upload-missing`, `task-running`, …
   */
  async run(definition: string, options: RunOptions = {}): Promise<TestRun> {
    const started = await this.start(definition, options)
    return started.ended
  }

  /**
   * Starts a task and does not wait for its end.
   *
   * @example
   * ```ts
   * const task = await bed.start('grade-report', { input })
   * await task.logged('half of the learners are done')
   * await task.cancel()
   * expect((await task.ended).state).toBe('canceled')
   * ```
   */
  async start(definition: string, options: RunOptions = {}): Promise<StartedTask> {
    const uploads = await this.#upload(options)
    const { task } = await this.engine.submit(
      {
        definition,
        input: options.input ?? {},
        uploads,
        ...(options.version === undefined ? {} : { version: options.version }),
      },
      this.#who,
    )
    return this.#follow(task.id)
  }

  /**
   * A task half-way, as JSON: keep it beside the tests, and let every later version {@link Testbed.finish} it.
   *
   * @throws {Problem} `task-not-in-flight` when it is over
   * @example
   * ```ts
   * const task = await bed.start('report', { input })
   * await task.logged('half of the learners are done')
   * await writeFile('snapshots/report-1.json', JSON.stringify(await bed.snapshot(task.id)))
   * ```
   */
  snapshot(id: string): Promise<TaskSnapshot> {
    return this.engine.snapshot(id, this.#who)
  }

  /**
   * Puts a task back as an older version has left it, and runs it to its end with what this pack has: the same version, or
   * one that resumes it.
   *
   * @throws {Error} when nothing here goes on with it, or the newer version cannot take it over, saying why
   * @example
   * ```ts
   * test.each(await readdir('snapshots'))('finishes %s', async (file) => {
   *   const snapshot = JSON.parse(await readFile(join('snapshots', file), 'utf8'))
   *   ;(await bed.finish(snapshot)).assertCompleted()
   * })
   * ```
   */
  async finish(snapshot: TaskSnapshot, options: Pick<RunOptions, 'uploads'> = {}): Promise<TestRun> {
    const { name, version } = snapshot.shape
    const goesOn = this.definitions.some(
      (one) => one.name === name && (one.version === version || one.resumes?.includes(version) === true),
    )
    if (!goesOn)
      throw new Error(`Nothing here goes on with ${name} v${version}: no version of it says resumes: [${version}].`)
    const id = await this.engine.restore(snapshot, this.#who, await this.#upload(options))
    const { ended } = this.#follow(id)
    for (;;) {
      const run = await Promise.race([ended, delay(WAIT_MS)])
      if (run !== undefined) return run
      const { waiting } = await this.engine.getTask(id, this.#who)
      if (waiting?.includes('could not take it over') === true) throw new Error(`${name} v${version} is ${waiting}.`)
    }
  }

  async #upload({ uploads }: Pick<RunOptions, 'uploads'>): Promise<Record<string, string>> {
    const ids: Record<string, string> = {}
    for (const [name, source] of Object.entries(uploads ?? {})) {
      ids[name] = (await this.engine.createUpload(uploadOf(name, source), this.#who)).id
    }
    return ids
  }

  /**
   * A store of the pack's own, to prepare or to look into. Only for those whose place the options leave to the
   * platform.
   */
  store(name: string): ObjectStore {
    return openObjectStore({ scheme: 'fs', root: join(this.#folder, 'stores', name) })
  }

  /** Ends everything and removes the files. */
  async close(): Promise<void> {
    await this.#worker.stop({ graceMs: 0 })
    await this.engine.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #follow(id: string): StartedTask {
    const logs: string[] = []
    const transitions: Transition[] = []
    const waiting: { part: string; waiter: PromiseWithResolvers<void> }[] = []
    const follow = async (): Promise<TestRun> => {
      for await (const event of this.engine.watchTask(id, this.#who)) {
        if (event.type === 'transition') transitions.push(event.transition)
        if (event.type !== 'log') continue
        logs.push(event.line.message)
        for (const { part, waiter } of waiting) if (event.line.message.includes(part)) waiter.resolve()
      }
      const task = await this.engine.getTask(id, this.#who)
      const stack = task.failure === null ? undefined : this.#stacks.get(task.failure.reference)
      return new TestRun({ task, transitions, logs, stack }, this.engine, this.#who)
    }
    const ended = follow()
    // Whoever only waits for a log line has no handler here; a failure to follow reaches those who await `ended`.
    ended.catch(() => undefined)
    return {
      id,
      ended,
      logged: (part) => {
        if (logs.some((line) => line.includes(part))) return Promise.resolve()
        const waiter = Promise.withResolvers<void>()
        waiting.push({ part, waiter })
        const said = () => (logs.length === 0 ? 'nothing' : logs.join(' | '))
        ended.then(
          () => waiter.reject(new Error(`The task ended and never logged "${part}". It logged ${said()}.`)),
          waiter.reject,
        )
        return waiter.promise
      },
      cancel: async () => {
        await this.engine.cancel(id, this.#who)
      },
    }
  }
}
