import { assertMove, type Failure, isFinal, type StepState, type TaskState } from '@errand/task'
import { v7 as uuidv7 } from 'uuid'
import type { Wake } from '../dispatch/dispatch.ts'
import { plan } from './plan.ts'
import type { StepRow, TaskRecord } from './record.ts'

/** The priority of what is next in a task that has begun; it is 0 for a first step. */
const BEGUN = 1

/** One line of the history that is to be written. */
export interface Move {
  sequence: number
  step: string | null
  from: string | null
  to: string
  reason: string | null
  actor: string
}

/** What of a step is to be written. A field that is left out stays as it is. */
export interface StepPatch {
  state: StepState
  attempt: number
  losses: number
  otherwise: boolean
  lease: string | null
  worker: string | null
  job: string | null
  result: unknown
  failure: Failure | null
  /** Seconds from now; `null` when no retry is due. */
  retryIn: number | null
  begun: boolean
  ended: boolean
}

/** Everything one event changes in one task. It is collected first and written at once. */
export class TaskChange {
  readonly record: TaskRecord
  readonly moves: Move[] = []
  readonly patches = new Map<string, StepPatch>()
  readonly wakes: Wake[] = []
  state: TaskState
  failure: Failure | null
  sequence: number
  begun = false

  constructor(record: TaskRecord) {
    this.record = record
    this.state = record.task.state
    this.failure = record.task.failure
    this.sequence = record.task.sequence
  }

  get changed(): boolean {
    // A task may fail without anything moving yet: its only step runs and is told to end.
    return this.moves.length > 0 || this.failure !== this.record.task.failure
  }

  /** A line in the task's history that moves nothing. */
  note(reason: string, actor: string): void {
    this.moves.push({ sequence: ++this.sequence, step: null, from: this.state, to: this.state, reason, actor })
  }

  step(name: string): StepRow | undefined {
    return this.record.steps.get(name)
  }

  stepState(name: string): StepState | undefined {
    return this.patches.get(name)?.state ?? this.record.steps.get(name)?.state
  }

  moveTask(to: TaskState, actor: string, reason: string | null = null): void {
    assertMove('task', this.state, to)
    this.moves.push({ sequence: ++this.sequence, step: null, from: this.state, to, reason, actor })
    if (to === 'running') this.begun = true
    this.state = to
  }

  moveStep(
    name: string,
    to: StepState,
    actor: string,
    reason: string | null = null,
    patch: Partial<Omit<StepPatch, 'state' | 'begun' | 'ended'>> = {},
  ): void {
    const row = this.record.steps.get(name)
    if (row === undefined) throw new Error(`The task ${this.record.task.id} has no step ${name}.`)
    const before = this.patches.get(name)
    const from = before?.state ?? row.state
    assertMove('step', from, to)
    this.moves.push({ sequence: ++this.sequence, step: name, from, to, reason, actor })
    const base: StepPatch = before ?? {
      state: row.state,
      attempt: row.attempt,
      losses: row.losses,
      otherwise: row.otherwise,
      lease: row.lease,
      worker: row.worker,
      job: row.job,
      result: row.result,
      failure: row.failure,
      retryIn: null,
      begun: false,
      ended: false,
    }
    this.patches.set(name, {
      ...base,
      ...patch,
      state: to,
      retryIn: patch.retryIn ?? null,
      begun: base.begun || to === 'running',
      ended: isFinal('step', to),
    })
  }

  /** Whether the task has failed with this very change. */
  get hasFailed(): boolean {
    return this.failure !== null && this.record.task.failure === null
  }

  /** Whether the task is ending, so that ordinary steps are told to end and none begins. */
  get ending(): boolean {
    return this.state === 'canceling' || this.failure !== null
  }

  /**
   * Makes the step ready, or due again in some seconds, with a wake-up for whoever serves it. A task that has begun goes
   * before those that have not: otherwise all of a long queue would be half done before the first is over.
   */
  wake(name: string, after?: number): void {
    const id = uuidv7()
    const patch = this.patches.get(name)
    if (patch === undefined) throw new Error(`Nothing has changed about the step ${name}.`)
    patch.job = id
    this.wakes.push({
      id,
      step: { taskId: this.record.task.id, step: name },
      ...(after === undefined ? {} : { after }),
      ...(this.state === 'pending' ? {} : { priority: BEGUN }),
    })
  }

  /** Sends another wake-up for a step that is to begin and stays as it is. */
  wakeAgain(name: string): void {
    const row = this.record.steps.get(name)
    if (row === undefined) throw new Error(`The task ${this.record.task.id} has no step ${name}.`)
    if (!this.patches.has(name)) this.patches.set(name, { ...row, retryIn: null, begun: false, ended: false })
    this.wake(name)
  }

  /** Asks the plan what follows from all that has changed, and adds it. */
  follow(actor = 'errand'): void {
    if (this.ending) this.#endUnheld(actor)
    const steps: Record<string, StepState> = {}
    for (const name of this.record.steps.keys()) {
      const state = this.stepState(name)
      if (state !== undefined) steps[name] = state
    }
    const next = plan(this.record.shape, {
      state: this.state,
      failed: this.failure !== null,
      withErrors: this.#itemsFailed,
      steps,
    })
    for (const { name, to, reason } of next.steps) {
      this.moveStep(name, to, actor, reason)
      if (to === 'ready') this.wake(name)
    }
    if (next.task === null) return
    this.moveTask(next.task, actor, next.task === 'failed' ? (this.failure?.title ?? null) : null)
  }

  /** A step whose slices are worked on is in nobody's hands itself: there is nobody to wait for. */
  #endUnheld(actor: string): void {
    for (const { kind, lease, name } of this.record.steps.values()) {
      const held = this.patches.get(name)?.lease ?? lease
      if (kind !== 'fan-out' || held !== null || this.stepState(name) !== 'running') continue
      this.moveStep(
        name,
        'canceled',
        actor,
        this.state === 'canceling' ? 'the task was canceled' : 'another step failed',
      )
    }
  }

  /** Whether items have failed, no more than may. */
  get #itemsFailed(): boolean {
    return [...this.record.steps.values()].some(({ kind, name, result: before }) => {
      if (kind !== 'fan-out') return false
      const result = this.patches.get(name)?.result ?? before
      return typeof result === 'object' && result !== null && 'failed' in result && Number(result.failed) > 0
    })
  }
}

/** Whose watchers are to look: where a task is over, at once. */
export function toldOf(changes: readonly TaskChange[]): { tasks: string[]; over: string[] } {
  const told: { tasks: string[]; over: string[] } = { tasks: [], over: [] }
  for (const { record, state } of changes) (isFinal('task', state) ? told.over : told.tasks).push(record.task.id)
  return told
}
