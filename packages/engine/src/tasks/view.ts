import { type DefinitionShape, isFinal, triesOf, withoutStack } from '@errand/task'
import type { ArtifactPart } from '../artifacts/part.ts'
import { artifactView } from '../artifacts/view.ts'
import { defaults } from '../config.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import type { StepView, TaskView } from '../types.ts'
import type { StepPart } from './parts.ts'
import type { StepRow, TaskRow } from './record.ts'

/** All that makes up a task as people and programs see it. */
export interface ViewParts {
  task: TaskRow
  steps: readonly StepPart[]
  artifacts: readonly ArtifactPart[]
  shape: DefinitionShape
  /** Versions that a live worker serves; asked for where {@link waitsForWorkers}. */
  served: ReadonlySet<string>
}

export function taskView({ artifacts, served, shape, steps, task }: ViewParts): TaskView {
  return {
    id: task.id,
    definition: task.definition,
    version: task.version,
    title: task.title,
    state: task.state,
    waiting: waitingReason(task, steps, shape, served),
    owner: { id: task.owner, name: task.owner_name },
    scope: task.scope,
    input: task.input,
    origin: task.origin,
    steps: steps.map((step) => stepView(step, shape)),
    artifacts: artifacts.map((row) => artifactView(row, shape.artifacts[row.slot]?.title ?? row.slot)),
    failure: task.failure === null ? null : withoutStack(task.failure),
    // Nothing, until it is known who looks.
    may: [],
    sequence: task.sequence,
    createdAt: task.created_at,
    startedAt: task.started_at,
    finishedAt: task.finished_at,
  }
}

function stepView(step: StepPart, shape: DefinitionShape): StepView {
  const declared = shape.steps.find(({ name }) => name === step.name)
  const { progress } = step
  return {
    name: step.name,
    title: declared?.title ?? step.name,
    kind: step.kind,
    after: declared?.after ?? [],
    state: step.state,
    attempt: step.attempt,
    attempts: declared === undefined ? 1 : triesOf(declared),
    progress:
      progress === null
        ? null
        : {
            done: progress.done,
            total: progress.total ?? null,
            unit: declared?.unit ?? null,
            message: progress.message ?? null,
            ...(progress.failed === undefined ? {} : { failed: progress.failed }),
            ...(progress.rate === undefined ? {} : { rate: progress.rate }),
            ...(progress.secondsLeft === undefined ? {} : { secondsLeft: progress.secondsLeft }),
            ...(progress.paused === undefined ? {} : { paused: progress.paused }),
          },
    failure: step.failure === null ? null : withoutStack(step.failure),
    retryAt: step.state === 'retrying' ? step.retry_at : null,
    startedAt: step.started_at,
    finishedAt: step.finished_at,
  }
}

type WaitingTask = Pick<TaskRow, 'state' | 'definition' | 'version' | 'waits_key'> &
  Partial<Pick<TaskRow, 'move_failure'>>

type WaitingStep = Pick<StepRow, 'name' | 'state' | 'attempt' | 'retry_at' | 'otherwise'> & { changed_at?: Date }

/** Whether it depends on the workers what the task waits for. Most tasks are over, or at work. */
export function waitsForWorkers(task: WaitingTask, steps: readonly WaitingStep[], now: Date = new Date()): boolean {
  if (isFinal('task', task.state) || task.waits_key !== null || task.state === 'canceling') return false
  const running = steps.filter(({ state }) => state === 'running')
  // Recorded as running, but for long by nobody: its worker is lost, and perhaps no other can begin it again.
  const lost = (step: { changed_at?: Date }) =>
    now.getTime() - (step.changed_at ?? now).getTime() > defaults.stuckSeconds * 1_000
  return running.every(lost)
}

/** Why nothing of the task runs right now, in words a user understands; `null` while something does. */
export function waitingReason(
  task: WaitingTask,
  steps: readonly WaitingStep[],
  shape: DefinitionShape,
  served: ReadonlySet<string>,
  now: Date = new Date(),
): string | null {
  if (isFinal('task', task.state)) return null
  if (task.waits_key !== null) return `another task of this kind is running (${task.waits_key})`
  if (task.state === 'canceling') return 'the running steps are ending'
  if (!waitsForWorkers(task, steps, now)) return null
  if (!served.has(queueOf(task.definition, task.version))) {
    const refused = task.move_failure ?? null
    const why = refused === null ? '' : ` (v${refused.version} could not take it over: ${refused.failure.title})`
    return `waiting for a worker that has ${task.definition} v${task.version}${why}`
  }
  if (steps.some(({ state }) => state === 'running')) return null
  const retrying = steps.find(({ state }) => state === 'retrying')
  if (retrying !== undefined) {
    const declared = shape.steps.find(({ name }) => name === retrying.name)
    const attempts = declared === undefined ? 1 : triesOf(declared)
    const seconds = Math.max(0, Math.ceil(((retrying.retry_at?.getTime() ?? 0) - now.getTime()) / 1000))
    if (retrying.otherwise) return 'the alternative path is next'
    return `retry in ${seconds} s (attempt ${retrying.attempt + 1} of ${attempts})`
  }
  return 'waiting for a free worker'
}
