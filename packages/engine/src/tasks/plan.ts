import { type DefinitionShape, isFinal, type StepState, type TaskState } from '@errand/task'

/** What `plan` needs to know of a task. */
export interface Situation {
  state: TaskState
  /** Set once the task has failed, while the rest of it still ends. */
  failed: boolean
  /** Whether items of a step that fans out have failed, and may. */
  withErrors?: boolean
  steps: Readonly<Record<string, StepState>>
}

/** What is to happen next: steps that move, and where the task itself goes, if it does. */
export interface Plan {
  steps: { name: string; to: Extract<StepState, 'ready' | 'skipped' | 'canceled'>; reason: string | null }[]
  task: Extract<TaskState, 'completed' | 'completed_with_errors' | 'failed' | 'canceled'> | null
}

const NOTHING: Plan = { steps: [], task: null }

/**
 * What follows from the declared shape and the states of the steps: a pure function, asked after every event. It is
 * the whole orchestration; there is no process that could die with it.
 *
 * @example
 * ```ts
 * plan(shape, { state: 'running', failed: false, steps: { read: 'completed', write: 'pending' } })
 * // { steps: [{ name: 'write', to: 'ready', reason: null }], task: null }
 * ```
 */
export function plan(shape: DefinitionShape, situation: Situation): Plan {
  if (isFinal('task', situation.state)) return NOTHING
  const ending = situation.state === 'canceling' ? 'canceled' : situation.failed ? 'failed' : null
  return ending === null ? advance(shape, situation) : wind(shape, situation, ending)
}

/** The task goes on: what waits for nothing more is ready. */
function advance(shape: DefinitionShape, { steps, withErrors }: Situation): Plan {
  const graph = shape.steps.filter(({ kind }) => !isCleanup(kind))
  if (graph.every(({ name }) => steps[name] === 'completed')) {
    const cleanup = shape.steps.filter(({ kind, name }) => isCleanup(kind) && steps[name] === 'pending')
    return {
      steps: cleanup.map(({ name }) => ({ name, to: 'skipped', reason: 'nothing to clean up' })),
      task: withErrors ? 'completed_with_errors' : 'completed',
    }
  }
  const ready = graph.filter(
    ({ name, after }) => steps[name] === 'pending' && after.every((before) => steps[before] === 'completed'),
  )
  return { steps: ready.map(({ name }) => ({ name, to: 'ready', reason: null })), task: null }
}

/** The task ends: what has not begun is let go, what runs is waited for, then it is cleaned up, then it is over. */
function wind(shape: DefinitionShape, { state, steps }: Situation, ending: 'canceled' | 'failed'): Plan {
  const reason = ending === 'canceled' ? 'the task was canceled' : 'another step failed'
  const moves: Plan['steps'] = []
  let running = false
  for (const { name, kind } of shape.steps) {
    if (isCleanup(kind)) continue
    if (steps[name] === 'pending') moves.push({ name, to: ending === 'canceled' ? 'canceled' : 'skipped', reason })
    else if (steps[name] === 'ready' || steps[name] === 'retrying') moves.push({ name, to: 'canceled', reason })
    else if (steps[name] === 'running') running = true
  }
  const wanted = ending === 'canceled' ? 'on-cancel' : 'on-failure'
  // A failed task can be canceled while it is cleaned up after its failure: that ends first, then the other begins.
  for (const { name, kind } of shape.steps) {
    if (!isCleanup(kind) || kind === wanted) continue
    if (steps[name] === 'ready' || steps[name] === 'retrying') moves.push({ name, to: 'canceled', reason })
    else if (steps[name] === 'running') running = true
  }
  if (running) return { steps: moves, task: null }
  // A task canceled before anything ran has left nothing to clean up.
  const begun = state !== 'pending'
  for (const { name, kind } of shape.steps) {
    if (!isCleanup(kind)) continue
    const now = steps[name]
    if (kind === wanted && begun) {
      if (now === 'pending') return { steps: [...moves, { name, to: 'ready', reason }], task: null }
      if (now !== undefined && !isFinal('step', now)) return { steps: moves, task: null }
    }
  }
  for (const { name, kind } of shape.steps) {
    if (isCleanup(kind) && steps[name] === 'pending') moves.push({ name, to: 'skipped', reason: 'nothing to clean up' })
  }
  return { steps: moves, task: ending }
}

function isCleanup(kind: string): boolean {
  return kind === 'on-failure' || kind === 'on-cancel'
}
