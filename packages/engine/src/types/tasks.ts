import type { DefinitionShape, Failure, StepShape, StepState, TaskState } from '@errand/task'
import type { LimitUse } from '../tasks/limits.ts'
import type { ArtifactView } from './files.ts'

/** What a user hands in to start a task. */
export interface SubmitRequest {
  definition: string
  /** Default: the promoted version. */
  version?: number
  input: unknown
  /** Upload ids by the definition's upload names. */
  uploads?: Readonly<Record<string, string>>
  /** Two submits by one owner with one key are one task. At most 255 characters. */
  idempotencyKey?: string
  origin?: Origin
  /** W3C trace context of whoever asks, where no span is active in this process. One that is malformed is left out. */
  traceparent?: string
  /** What is to happen when the definition allows one at a time and one is running. Default: as the definition says. */
  conflict?: 'refuse' | 'join' | 'wait'
}

/** How a task came to be. */
export interface Origin {
  by: 'api' | 'cli' | 'web' | 'schedule' | 'retry'
  /** The task this one runs again. */
  of?: string
  /** Only the items that failed there. */
  failedItems?: true
  /** The name of the schedule that started it. */
  schedule?: string
}

export interface ProgressView {
  done: number
  total: number | null
  unit: string | null
  message: string | null
  /** Of a step that fans out: items that have failed, items a second lately, an estimate, and whether it is paused. */
  failed?: number
  rate?: number
  secondsLeft?: number
  paused?: boolean
}

export interface StepView {
  name: string
  title: string
  kind: StepShape['kind']
  after: string[]
  state: StepState
  attempt: number
  /** Attempts in all. */
  attempts: number
  progress: ProgressView | null
  failure: Failure | null
  /** When the next attempt begins, while `retrying`. */
  retryAt: Date | null
  startedAt: Date | null
  finishedAt: Date | null
}

/** What somebody may do with a task, whatever its state allows. */
export type TaskRight = 'cancel' | 'retry' | 'delete'

export interface TaskView {
  id: string
  definition: string
  version: number
  title: string
  state: TaskState
  /** Why nothing happens right now, in words a user understands. */
  waiting: string | null
  owner: { id: string; name: string }
  scope: string
  input: Readonly<Record<string, unknown>>
  origin: Origin
  steps: StepView[]
  artifacts: ArtifactView[]
  failure: Failure | null
  /** What whoever looks may do with it. */
  may: TaskRight[]
  /** The number of the last transition; grows by one with each. */
  sequence: number
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

export interface TaskQuery {
  state?: readonly TaskState[]
  definition?: string
  scope?: string
  owner?: string
  /** Not asked for before this, and before that. */
  createdFrom?: Date
  createdBefore?: Date
  /** Beginnings of words in the title, the scope or the id. */
  q?: string
  pageToken?: string
  /** 1 to 200. Default 50. */
  limit?: number
}

/** A task as a list shows it. */
export type TaskSummary = Omit<TaskView, 'input'>

export interface TaskPage {
  tasks: TaskSummary[]
  /** `null` on the last page. */
  nextPageToken: string | null
}

export interface Transition {
  taskId: string
  /** From 1, without gaps. */
  sequence: number
  /** `null` for the task itself. */
  step: string | null
  /** `null` when it came to be. */
  from: string | null
  to: string
  reason: string | null
  /** A principal, or `worker NAME`, or `errand` itself. */
  actor: string
  at: Date
}

export interface LogLine {
  id: number
  step: string
  message: string
  at: Date
}

/** What a watcher of tasks is told. `task` carries the whole task, as it is after all that was told before. */
export type FeedEvent =
  | { type: 'transition'; transition: Transition }
  | { type: 'log'; taskId: string; line: LogLine }
  | { type: 'task'; task: TaskView }
  | { type: 'inbox'; unread: number }
  /** A task that one might see was deleted. */
  | { type: 'gone'; id: string }

/** What somebody may start. */
export interface Allowance {
  /** Whether their roles allow it. */
  mayStart: boolean
  limits: LimitUse[]
  /** The limit that is used up, in words; `null` while one more is allowed. */
  refusal: string | null
}

export interface Submitted {
  task: TaskView
  /** False when the key or the definition's `unique` led to a task that was there already. */
  created: boolean
}

/** A task half-way, as data, for tests of later versions. Its files are not in it. */
export interface TaskSnapshot {
  format: 1
  shape: DefinitionShape
  scope: string
  input: Record<string, unknown>
  /** Whether any step has begun. */
  begun: boolean
  steps: {
    name: string
    state: 'pending' | 'ready' | 'completed'
    attempt: number
    result: unknown
    checkpoint: unknown
    once: Record<string, unknown>
  }[]
}

/** An item that failed for good, as people see it. */
export interface FailedItemView {
  key: string
  code: string
  title: string
  detail: string
  /** How often it was tried. */
  attempts: number
}

/** Some of them, in the order of the items. */
export interface FailedItemPage {
  items: FailedItemView[]
  nextPageToken: string | null
}
