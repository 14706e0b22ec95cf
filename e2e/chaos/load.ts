import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ApiProblem, type ErrandClient, isOver, ServerUnreachable, type Task } from '@errand/client'

/** A task that the service has taken in: from then on it must not be lost. */
export interface Accepted {
  id: string
  seed: number
  /** The fault that was being injected. */
  kind: string
  final?: Task
  /** SHA-256 of what was downloaded, by slot. */
  downloads: Record<string, string>
}

/** Milliseconds a request may take before it is sent again: longer than a restart, shorter than a run's patience. */
const REQUEST_MS = 20_000
/** Milliseconds between two looks at a task. */
const LOOK_MS = 400
/** Milliseconds for those who are still waiting when the time is over. */
const LAST_LOOK_MS = 5_000
/** Milliseconds a runner gives each task at least, so that a quick machine does not fill its disk. */
const TASK_MS = 3_000

/** Keeps some tasks open, as users would: each submit has a key and is repeated until it is answered. */
export class Load {
  readonly accepted: Accepted[] = []
  /** What new tasks are counted for, in turns. */
  kinds: readonly string[] = ['']
  readonly #client: ErrandClient
  readonly #input: Readonly<Record<string, unknown>>
  readonly #runners: Promise<void>[] = []
  #seed = 0
  #stopped = false

  constructor(client: ErrandClient, input: Readonly<Record<string, unknown>>) {
    this.#client = client
    this.#input = input
  }

  /** Begins to keep `count` tasks open. */
  start(count: number): void {
    for (let runner = 0; runner < count; runner++) this.#runners.push(this.#run())
  }

  /** Submits nothing more, and waits until every task is over and its files have been fetched. */
  async drain(seconds: number): Promise<void> {
    this.#stopped = true
    const end = Date.now() + seconds * 1_000
    await Promise.race([Promise.all(this.#runners), delay(seconds * 1_000, undefined, { ref: false })])
    // What is not over by now is found by the check, which also tells in which state it is.
    const open = this.accepted.filter((one) => one.final === undefined)
    await Promise.all(open.map((one) => this.follow(one, end + LAST_LOOK_MS).catch(() => undefined)))
  }

  /** Resolves when all are over that are open now. */
  async allOver(): Promise<void> {
    const open = this.accepted.filter((one) => one.final === undefined)
    while (open.some((one) => one.final === undefined)) await delay(LOOK_MS)
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const [one] = await Promise.all([this.submit(), delay(TASK_MS)])
      await this.follow(one)
    }
  }

  async submit(): Promise<Accepted> {
    const seed = ++this.#seed
    const kind = this.kinds[seed % this.kinds.length] ?? ''
    const key = randomUUID()
    const task = await patiently(() =>
      this.#client.submit(
        { definition: 'chaos', input: { ...this.#input, seed } },
        { idempotencyKey: key, signal: AbortSignal.timeout(REQUEST_MS) },
      ),
    )
    const one: Accepted = { id: task.id, seed, kind, downloads: {} }
    this.accepted.push(one)
    return one
  }

  /** Until the task is over; then its files are fetched, as its user would. */
  async follow(one: Accepted, end = Number.POSITIVE_INFINITY): Promise<void> {
    while (Date.now() < end) {
      const task = await patiently(() => this.#client.task(one.id, { signal: AbortSignal.timeout(REQUEST_MS) }), end)
      if (isOver(task)) {
        for (const artifact of task.artifacts) {
          one.downloads[artifact.slot] = await patiently(() => this.#digest(artifact.id), end)
        }
        one.final = task
        return
      }
      await delay(LOOK_MS)
    }
  }

  async #digest(artifact: string): Promise<string> {
    const { body } = await this.#client.download(artifact, { signal: AbortSignal.timeout(REQUEST_MS) })
    const hash = createHash('sha256')
    for await (const chunk of body) hash.update(chunk)
    return hash.digest('hex')
  }
}

/** Repeats what fails because the service is away; whatever else it says is an answer. */
async function patiently<T>(ask: () => Promise<T>, end = Number.POSITIVE_INFINITY): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const away =
        error instanceof ServerUnreachable ||
        (error instanceof ApiProblem && error.status >= 500) ||
        !(error instanceof ApiProblem)
      if (!away || Date.now() > end) throw error
      await delay(200)
    }
  }
}
