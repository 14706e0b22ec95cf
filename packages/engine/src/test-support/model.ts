import { type DefinitionShape, isFinal, type StepShape, type StepState, type TaskState } from '@errand/task'
import { defaults } from '../config.ts'

/** What has come about, and how often: a property that never meets the rare cases says little. */
export const reached = new Map<string, number>()

export function reach(what: string): void {
  reached.set(what, (reached.get(what) ?? 0) + 1)
}

/** A step as the model believes it to be. */
export interface ModelStep {
  state: StepState
  attempt: number
  losses: number
  otherwise: boolean
  /** Of the attempt that may report; `null` while there is none. */
  lease: string | null
  /** Whether the lease has lapsed, so that the next who asks takes the step over. */
  lapsed: boolean
  result: unknown
  checkpoint: unknown
}

export type Report =
  | { how: 'complete'; result: string }
  | { how: 'fail'; retryable: boolean }
  | { how: 'canceled' }
  | { how: 'release' }

/**
 * What the record of one task should say, worked out a second time and in another way than the engine does: it knows
 * nothing of transactions, jobs and batches, only what each event means.
 */
export class TaskModel {
  readonly shape: DefinitionShape
  state: TaskState = 'pending'
  failed = false
  steps: Record<string, ModelStep>

  constructor(shape: DefinitionShape) {
    this.shape = shape
    this.steps = Object.fromEntries(
      shape.steps.map(({ name }) => [
        name,
        {
          state: 'pending',
          attempt: 0,
          losses: 0,
          otherwise: false,
          lease: null,
          lapsed: false,
          result: null,
          checkpoint: null,
        },
      ]),
    )
    this.#follow()
  }

  clone(): TaskModel {
    const copy = new TaskModel(this.shape)
    copy.state = this.state
    copy.failed = this.failed
    copy.steps = structuredClone(this.steps)
    return copy
  }

  get over(): boolean {
    return isFinal('task', this.state)
  }

  get claimable(): string[] {
    return this.#names(
      ({ lapsed, state }) => state === 'ready' || state === 'retrying' || (state === 'running' && lapsed),
    )
  }

  isCurrent(step: string, lease: string): boolean {
    const now = this.steps[step]
    return now?.state === 'running' && now.lease === lease
  }

  /** A worker has been given the step. @returns the attempt it should have been told */
  claimed(name: string, lease: string): number {
    const step = this.#step(name)
    const lost = step.state === 'running'
    if (!this.claimable.includes(name)) throw new Error(`${name} is ${step.state} and was claimed`)
    if (lost && this.#mustNotGoOn(name)) throw new Error(`${name} was claimed in a task that is ending`)
    if (this.state === 'pending') this.state = 'running'
    if (lost) {
      step.losses++
      if (step.losses >= defaults.losses) throw new Error(`${name} was handed out after ${step.losses} losses`)
      reach(step.otherwise ? 'the alternative path was taken over' : 'a step was taken over')
    } else if (!step.otherwise) step.attempt++
    Object.assign(step, { state: 'running', lease, lapsed: false })
    return step.attempt
  }

  /** Its worker was lost, and nobody will be given the step any more. */
  ended(name: string, to: 'canceled' | 'failed'): void {
    const step = this.#step(name)
    if (step.state !== 'running' || !step.lapsed) throw new Error(`${name} ended without a reason`)
    if (to === 'canceled' && !this.#mustNotGoOn(name))
      throw new Error(`${name} was canceled and its task is not ending`)
    if (to === 'failed') {
      step.losses++
      if (step.losses < defaults.losses) throw new Error(`${name} was given up after ${step.losses} losses`)
      if (!this.#isCleanup(name)) this.failed = true
    }
    reach(to === 'failed' ? 'a step was given up' : 'a lost step ended with its task')
    Object.assign(step, { state: to, lease: null, lapsed: false })
    this.#follow()
  }

  report(name: string, report: Report): void {
    const step = this.#step(name)
    const { retry, otherwise } = this.#shapeOf(name)
    const ending = this.#mustNotGoOn(name)
    const wanted = ending || this.#isCleanup(name)
    step.lease = null
    step.lapsed = false
    if (report.how === 'complete') Object.assign(step, { state: 'completed', result: report.result })
    else if (report.how === 'canceled' && wanted) step.state = 'canceled'
    else if (ending) step.state = 'canceled'
    else if (report.how === 'release' || report.how === 'canceled') {
      step.state = 'ready'
      if (!step.otherwise) step.attempt--
      reach(step.otherwise ? 'the alternative path was handed back' : 'a step was handed back')
    } else if (report.retryable && !step.otherwise && step.attempt < retry.attempts)
      Object.assign(step, { state: 'retrying', losses: 0 })
    else if (otherwise && !step.otherwise) Object.assign(step, { state: 'retrying', otherwise: true, losses: 0 })
    else {
      step.state = 'failed'
      if (!this.#isCleanup(name)) this.failed = true
    }
    this.#follow()
  }

  cancel(): void {
    if (this.over || this.state === 'canceling') return
    if (this.failed) reach('a task was canceled while it was failing')
    if (this.state === 'pending') this.#endPending('canceled')
    else {
      this.state = 'canceling'
      this.#follow()
    }
  }

  deadline(): void {
    if (this.failed || (this.state !== 'pending' && this.state !== 'running')) return
    this.failed = true
    reach(`a deadline passed while ${this.state}`)
    if (this.state === 'pending') this.#endPending('failed')
    else this.#follow()
  }

  lapse(): void {
    for (const name of this.#names(({ state }) => state === 'running')) this.#step(name).lapsed = true
  }

  /** The jobs are gone, and the reconciler has seen it. */
  vanish(): void {
    for (const name of this.#names(({ state }) => state === 'running')) {
      const step = this.#step(name)
      const ending = this.#mustNotGoOn(name)
      Object.assign(step, { state: ending ? 'canceled' : 'ready', lease: null, lapsed: false })
      if (!ending && !step.otherwise) step.attempt--
    }
    this.#follow()
  }

  #follow(): void {
    if (this.over) return
    if (this.state !== 'canceling' && !this.failed) {
      for (const { after, name } of this.#graph()) {
        const free = after.every((before) => this.#step(before).state === 'completed')
        if (free && this.#step(name).state === 'pending') this.#step(name).state = 'ready'
      }
      if (this.#graph().every(({ name }) => this.#step(name).state === 'completed')) this.#end('completed')
      return
    }
    const canceled = this.state === 'canceling'
    const wanted = canceled ? 'on-cancel' : 'on-failure'
    const others = this.shape.steps.filter(({ kind }) => kind !== wanted)
    for (const { kind, name } of others) {
      const step = this.#step(name)
      if (step.state === 'ready' || step.state === 'retrying') step.state = 'canceled'
      if (step.state === 'pending' && kind === 'step') step.state = canceled ? 'canceled' : 'skipped'
    }
    if (others.some(({ name }) => this.#step(name).state === 'running')) return
    for (const { kind, name } of this.shape.steps) {
      if (kind !== wanted) continue
      if (this.#step(name).state === 'pending') this.#step(name).state = 'ready'
      if (!isFinal('step', this.#step(name).state)) return
    }
    if (this.shape.steps.some(({ kind }) => kind === wanted)) reach(`a task was cleaned up: ${wanted}`)
    this.#end(canceled ? 'canceled' : 'failed')
  }

  #end(state: TaskState): void {
    this.state = state
    for (const name of this.#names((step) => step.state === 'pending')) this.#step(name).state = 'skipped'
  }

  #endPending(state: TaskState): void {
    this.state = state
    for (const name of this.#names((step) => !isFinal('step', step.state))) this.#step(name).state = 'canceled'
  }

  #mustNotGoOn(name: string): boolean {
    return (this.state === 'canceling' || this.failed) && !this.#isCleanup(name)
  }

  #isCleanup(name: string): boolean {
    return this.#shapeOf(name).kind !== 'step'
  }

  #graph(): StepShape[] {
    return this.shape.steps.filter(({ kind }) => kind === 'step')
  }

  #names(which: (step: ModelStep) => boolean): string[] {
    return this.shape.steps.map(({ name }) => name).filter((name) => which(this.#step(name)))
  }

  #step(name: string): ModelStep {
    const step = this.steps[name]
    if (step === undefined) throw new Error(`There is no step ${name}`)
    return step
  }

  #shapeOf(name: string): StepShape {
    const step = this.shape.steps.find((each) => each.name === name)
    if (step === undefined) throw new Error(`There is no step ${name}`)
    return step
  }
}
