import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { ArtifactView, Engine, Principal, StepView, TaskView, Transition } from '@errand/engine'
import type { Failure } from '@errand/task'

/** A file that a run made. */
export interface TestArtifact extends ArtifactView {
  bytes(): Promise<Buffer>
  text(): Promise<string>
  json(): Promise<unknown>
  stream(): Promise<Readable>
}

/** A task that is over, with all that is known of it. */
export class TestRun {
  readonly task: TaskView
  /** Every change of state, in order. */
  readonly transitions: readonly Transition[]
  /** What the steps wrote with `log`. */
  readonly logs: readonly string[]
  /** Why the task failed, with the stack that users are not shown; `null` when it did not fail. */
  readonly failure: Failure | null
  readonly #engine: Engine
  readonly #who: Principal

  constructor(
    seen: { task: TaskView; transitions: Transition[]; logs: string[]; stack: string | undefined },
    engine: Engine,
    who: Principal,
  ) {
    this.task = seen.task
    this.transitions = seen.transitions
    this.logs = seen.logs
    const { failure } = seen.task
    this.failure = failure === null || seen.stack === undefined ? failure : { ...failure, stack: seen.stack }
    this.#engine = engine
    this.#who = who
  }

  /** The task's state: `completed`, `failed` and so on. */
  get state(): TaskView['state'] {
    return this.task.state
  }

  /** @throws {Error} naming the steps there are, when there is none of that name */
  step(name: string): StepView {
    const step = this.task.steps.find((each) => each.name === name)
    if (step === undefined) throw new Error(`There is no step "${name}"; there are ${listed(this.task.steps, 'name')}.`)
    return step
  }

  /**
   * The file in an output slot.
   *
   * @throws {Error} naming the files there are, when the slot has none
   * @example
   * ```ts
   * expect(await run.artifact('report').text()).toContain('Ada;97')
   * ```
   */
  artifact(slot: string): TestArtifact {
    const view = this.task.artifacts.find((each) => each.slot === slot && each.state === 'available')
    if (view === undefined) {
      const there = this.task.artifacts.map((each) => `${each.slot} (${each.state})`).join(', ') || 'none'
      throw new Error(`There is no file in "${slot}"; there are: ${there}. The task is ${this.state}.`)
    }
    const stream = async () => (await this.#engine.openArtifact(view.id, this.#who)).body
    const bytes = async () => buffer(await stream())
    const text = async () => (await bytes()).toString('utf8')
    return { ...view, stream, bytes, text, json: async () => JSON.parse(await text()) }
  }

  /**
   * This run, if it completed.
   *
   * @throws {Error} with the failure and its stack, when it did not
   * @example
   * ```ts
   * const run = (await bed.run('grade-report', { input })).assertCompleted()
   * ```
   */
  assertCompleted(): this {
    if (this.state === 'completed') return this
    const { failure } = this
    const why = failure === null ? '' : `: ${failure.code}: ${failure.title}. ${failure.detail} ${failure.hint ?? ''}`
    throw new Error(`The task is ${this.state}, not completed${why}`, { cause: failure?.stack })
  }
}

function listed<Key extends string>(records: readonly Record<Key, string>[], key: Key): string {
  return records.map((record) => record[key]).join(', ') || 'none'
}
