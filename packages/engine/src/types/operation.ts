import type { DefinitionShape, TaskState } from '@errand/task'

/** Which versions of definitions are asked for: all of these at once. */
export interface DefinitionQuery {
  name?: string
  version?: number
  promoted?: boolean
}

export interface DefinitionView {
  name: string
  version: number
  promoted: boolean
  retiredAt: Date | null
  registeredAt: Date
  digest: string
  shape: DefinitionShape
  /** Live workers that serve it. */
  workers: number
  /** Tasks on it that are not over. */
  open: number
}

export interface WorkerView {
  id: string
  name: string
  host: string
  pid: number
  serves: { name: string; version: number }[]
  concurrency: number
  /** Steps in hand, and slices of steps with many items. */
  running: number
  /** Which they are, the oldest first; `null` for whoever may not see all tasks. */
  inHand: WorkInHand[] | null
  startedAt: Date
  heartbeatAt: Date
  live: boolean
}

/** A step that a worker is at. */
export interface WorkInHand {
  taskId: string
  /** Of the task. */
  title: string
  definition: string
  version: number
  step: string
  stepTitle: string
  /** How many slices of it, where the step has many items and this is not to list them or to put them together. */
  slices: number | null
  /** When the step began, on whichever worker. */
  startedAt: Date
}

/** Tasks whose history is due, of one definition and state. */
export interface DueHistory {
  definition: string
  state: TaskState
  tasks: number
  /** Due as well, but a file of theirs is still kept: they stay until it goes. */
  held: number
}

/** Objects in a storage that the record does not know of. */
export interface OrphanedObjects {
  storage: string
  count: number
  bytes: number
  /** Why it was not searched, if it was not. */
  skipped: string | null
}

/** What retention would remove now. */
export interface RetentionPreview {
  history: DueHistory[]
  files: { count: number; bytes: number }
  uploads: { count: number; bytes: number }
  orphans: OrphanedObjects[]
}

/** What retention has removed. */
export interface RetentionDone {
  tasks: number
  files: number
  uploads: number
  orphans: OrphanedObjects[]
}

/** How the work of one version stands. Seconds by the database's clock. */
export interface QueueStatus {
  definition: string
  version: number
  /** Live workers that serve it. */
  workers: number
  /** Tasks that are not over, and those of them of which no step has begun. */
  open: number
  pending: number
  /** Steps. */
  ready: number
  running: number
  retrying: number
  /** How long the step that has waited longest has been ready; 0 when none is. */
  oldestReadySeconds: number
}

/** A step that should move and does not. */
export interface StuckStep {
  taskId: string
  step: string
  definition: string
  version: number
  why: 'unserved' | 'not-claimed' | 'no-heartbeat'
  seconds: number
}

/** A schedule whose last time started nothing. */
export interface RefusedSchedule {
  name: string
  /** That of the problem: `errand schedules list` tells the rest. */
  code: string
  title: string
}

/** What an operator needs to know: whether work moves, and if not, which and why. */
export interface EngineStatus {
  database: 'pglite' | 'postgres'
  /** The database's clock, and how far this process's is ahead of it, in seconds. */
  now: Date
  clockSkewSeconds: number
  migrations: string[]
  queues: QueueStatus[]
  /** At most 100, the longest first. */
  stuck: StuckStep[]
  /** Files that are gone from the record and not yet from the storage. */
  unpurged: number
  /** At most 100, by name. Those that are paused are left out. */
  refusedSchedules: RefusedSchedule[]
}

/** Seconds. */
export interface Spread {
  median: number
  /** Of twenty, nineteen took no longer. */
  p95: number
  longest: number
}

/** Tasks of one version that ended lately, in one state. */
export interface EndedTasks {
  definition: string
  version: number
  state: TaskState
  count: number
  /** From the submit until the first step began, and from then to the end; `null` where none began. */
  wait: Spread | null
  run: Spread | null
}

/** How far a channel is behind with what is due. */
export interface OutboxLag {
  channel: string
  /** Deliveries that are due. */
  waiting: number
  lagSeconds: number
}

/** What a storage holds of outputs, or of uploads. */
export interface StorageUse {
  storage: string
  kind: 'outputs' | 'uploads'
  files: number
  bytes: number
}

/** What is worth drawing over time. Never an id. */
export interface EngineMeasures {
  open: { definition: string; version: number; state: TaskState; count: number }[]
  slices: { definition: string; version: number; state: 'ready' | 'running'; count: number }[]
  /** Of the last {@link defaults}.measureWindow seconds. */
  ended: EndedTasks[]
  failures: { definition: string; version: number; code: string; count: number }[]
  outbox: OutboxLag[]
  storage: StorageUse[]
}
