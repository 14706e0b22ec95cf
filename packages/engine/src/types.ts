import type { Readable } from 'node:stream'
import type {
  ArtifactState,
  ByteRange,
  DefinitionShape,
  Failure,
  KeepRule,
  MigratedTask,
  StepShape,
  StepState,
  TaskState,
  Visibility,
} from '@errand/task'
import type { People } from './access/people.ts'
import type { Notifications } from './notifications/notifications.ts'
import type { LimitUse } from './tasks/limits.ts'

/** Who acts. Whoever asks the engine says who is asking; the engine asks the policy. */
export interface Principal {
  /** Stable; what ownership is recorded under. */
  id: string
  name: string
  /** Staff of the platform: may see and do everything. */
  staff: boolean
  /** Where this person is told of what happens. */
  email?: string
  /** Roles that the credentials themselves tell of (claims of a token); those in the record come to them. */
  roles?: readonly ScopeRole[]
  /** What the credentials are good for. Default: for all that the person may. */
  grants?: readonly Grant[]
  /** Staff who acts in this person's place: recorded with all that is done. */
  actor?: { id: string; name: string }
}

/** `team` works on the scope; `staff` is responsible for it. */
export interface ScopeRole {
  /** As tasks have it: `course:course-v1:Org+C+R`. */
  scope: string
  role: 'team' | 'staff'
}

/** What a token is made for: to look, to start and change tasks, to run the service. */
export type Grant = 'read' | 'write' | 'administer'

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

export interface ArtifactView {
  id: string
  taskId: string
  slot: string
  title: string
  filename: string
  mediaType: string
  /** In bytes; `null` while it is being written. */
  size: number | null
  sha256: string | null
  state: ArtifactState
  visibility: Visibility
  keep: KeepRule
  expiresAt: Date | null
  createdAt: Date
  /** When, why and by whom it is gone. */
  endedAt: Date | null
  endedReason: string | null
  endedBy: string | null
}

export interface UploadView {
  id: string
  filename: string
  mediaType: string
  /** In bytes. */
  size: number
  sha256: string
  createdAt: Date
  expiresAt: Date | null
}

/** An upload that arrives in parts. */
export interface ArrivingUpload {
  id: string
  /** Bytes that there are to be, and that are there. */
  size: number
  offset: number
  /** As the client gave it. */
  metadata: string | null
  createdAt: Date
  /** When it is given up if it does not go on. */
  expiresAt: Date | null
  complete: boolean
}

/** What a part is to have. */
export interface UploadChecksum {
  algorithm: 'sha1' | 'sha256' | 'md5'
  /** In base64. */
  digest: string
}

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
  /** Words in the title, the scope or the id. */
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
  /** Steps in hand. */
  running: number
  startedAt: Date
  heartbeatAt: Date
  live: boolean
}

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

/** How whoever delivers an artifact would like to have it. */
export interface DeliveryWish {
  /** `redirect`: an address of the storage. `file`: a file on this machine, for a web server in front. */
  by: 'stream' | 'redirect' | 'file'
  /** For a stream: the part that is wanted. */
  range?: ByteRange
}

/** How it is to be delivered: as was wished, or as a stream where the storage or the artifact allows nothing else. */
export type Delivered =
  | { by: 'redirect'; url: string }
  | { by: 'file'; path: string; storage: string; key: string }
  | {
      by: 'stream'
      body: Readable
      /** To be called at the end: how many bytes were taken, and whether that was all that was asked for. */
      settle(bytes: number, complete: boolean): Promise<void>
    }

/** An artifact with its bytes. A use-once file is consumed when `body` has been read to its end. */
export interface OpenedArtifact {
  artifact: ArtifactView
  body: Readable
}

/** Who did what with an artifact. */
export interface AccessEntry {
  action: 'download' | 'extend' | 'delete' | 'expire' | 'consume'
  who: { id: string; name: string }
  /** Downloads: `stream`, `redirect` or `file`. */
  delivery: string | null
  range: { start: number; end: number | null } | null
  /** Of a stream that has ended: how many bytes were taken, and whether that was all that was asked for. */
  bytes: number | null
  complete: boolean | null
  at: Date
}

/** What a scope's files take in the storages, in bytes. */
export interface ScopeUsage {
  scope: string
  files: number
  bytes: number
  /** `null` where there is no limit. */
  quota: number | null
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

/** Everything a server, a CLI or an embedding platform may ask of the engine. */
export interface Engine {
  readonly database: 'pglite' | 'postgres'

  /** @throws {Problem} definition-unknown, input-invalid, upload-unknown, upload-missing, task-running (409), forbidden */
  submit(request: SubmitRequest, who: Principal): Promise<Submitted>
  /** @throws {Problem} task-unknown, also for what `who` may not see */
  getTask(id: string, who: Principal): Promise<TaskView>
  listTasks(query: TaskQuery, who: Principal): Promise<TaskPage>
  /** In order, after sequence number `after` (default 0). */
  transitions(id: string, who: Principal, after?: number): Promise<Transition[]>
  /** The user's activity log, in order, after line `after` (default 0). */
  logs(id: string, who: Principal, after?: number): Promise<LogLine[]>
  /**
   * The items of a step that have failed so far, in the order of the items: 50 in a page, up to 1,000. For those who may
   * read the list of errors.
   *
   * @throws {Problem} task-unknown, step-unknown, forbidden, page-token-invalid
   */
  failedItems(
    id: string,
    step: string,
    query: { limit?: number; pageToken?: string },
    who: Principal,
  ): Promise<FailedItemPage>
  /**
   * What has happened after transition `after`, and then what happens, until the task is over or the signal aborts.
   * The first event after the transitions is always `task`.
   */
  watchTask(id: string, who: Principal, options?: { after?: number; signal?: AbortSignal }): AsyncIterable<FeedEvent>
  /** The same for all tasks that `who` may see, from now on, without an end. */
  watchAll(who: Principal, options?: { signal?: AbortSignal }): AsyncIterable<FeedEvent>
  /** Asks a task to end; it is `canceling` until its running steps have ended. No error when it is over already. */
  cancel(id: string, who: Principal): Promise<TaskView>
  /**
   * A new task with the same definition (the promoted version), input and uploads; with `failedItems`, its steps that
   * fan out do only what failed.
   *
   * @throws {Problem} task-unknown, nothing-failed
   */
  runAgain(id: string, who: Principal, options?: { failedItems?: boolean }): Promise<Submitted>
  /** Begins no more slices; those in hand end. @throws {Problem} task-unknown, not-fanning-out */
  pause(id: string, who: Principal): Promise<TaskView>
  resume(id: string, who: Principal): Promise<TaskView>
  /** Slices at once, 1 to 1,000. @throws {Problem} task-unknown, not-fanning-out, concurrency-invalid */
  setConcurrency(id: string, concurrency: number, who: Principal): Promise<TaskView>

  /** Whether `who` may start the promoted version about `scope`, and how far its limits are used up: before they try. */
  allowance(name: string, scope: string, who: Principal): Promise<Allowance>
  definitions(who: Principal): Promise<DefinitionView[]>
  /**
   * New tasks get this version from now on; those that are there keep theirs. Rolling back is promoting the old one. For
   * staff.
   *
   * @throws {Problem} forbidden, definition-unknown
   */
  promote(name: string, version: number, who: Principal): Promise<DefinitionView>
  /**
   * Nothing new begins on this version. For staff.
   *
   * @throws {Problem} forbidden, definition-unknown, definition-promoted, definition-in-use (409, saying what is open)
   */
  retire(name: string, version: number, who: Principal): Promise<DefinitionView>
  workers(who: Principal): Promise<WorkerView[]>

  /** Takes a file in, streaming. @throws {Problem} upload-too-large, storage-failed */
  createUpload(
    file: { filename: string; mediaType: string; body: AsyncIterable<Uint8Array> },
    who: Principal,
  ): Promise<UploadView>
  /** Begins one that arrives in parts. @throws {Problem} upload-too-large, upload-too-many */
  beginUpload(
    file: { filename: string; mediaType: string; size: number; metadata?: string; sha256?: string },
    who: Principal,
  ): Promise<ArrivingUpload>
  /** @throws {Problem} upload-unknown */
  arrivingUpload(id: string, who: Principal): Promise<ArrivingUpload>
  /** What follows `offset`; what came before `body` broke is kept. @throws {Problem} upload-offset, upload-checksum (460) */
  appendUpload(
    id: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    who: Principal,
    checksum?: UploadChecksum,
  ): Promise<ArrivingUpload>
  /** Gives one up that has not arrived as a whole. @throws {Problem} upload-unknown */
  removeUpload(id: string, who: Principal): Promise<void>
  getUpload(id: string, who: Principal): Promise<UploadView>

  /** @throws {Problem} artifact-unknown */
  getArtifact(id: string, who: Principal): Promise<ArtifactView>
  /** @throws {Problem} artifact-unknown, artifact-gone (410), artifact-unfinished (409) */
  openArtifact(id: string, who: Principal, range?: ByteRange): Promise<OpenedArtifact>
  /** @throws {Problem} artifact-unknown, artifact-gone (410), artifact-unfinished (409), artifact-in-use (409) */
  deliverArtifact(id: string, who: Principal, wish: DeliveryWish): Promise<Delivered & { artifact: ArtifactView }>
  /** Keeps it until then at least. @throws {Problem} artifact-unknown, artifact-gone (410), extension-invalid (422) */
  extendArtifact(id: string, until: Date, who: Principal): Promise<ArtifactView>
  /** Who downloaded, extended or deleted it, the newest first. @throws {Problem} artifact-unknown */
  artifactAccesses(id: string, who: Principal): Promise<AccessEntry[]>
  /** Storage in use, by the scopes that take most. For staff. @throws {Problem} forbidden */
  storageUsage(who: Principal): Promise<ScopeUsage[]>
  /** @throws {Problem} artifact-unknown */
  deleteArtifact(id: string, who: Principal): Promise<ArtifactView>

  /** Who people are: sign-in, tokens, memberships. */
  readonly people: People
  /** How people are told. */
  readonly notifications: Notifications

  /** What {@link retentionRun} would remove. For staff. @throws {Problem} forbidden */
  retentionPreview(who: Principal): Promise<RetentionPreview>
  /** Removes what is due, as happens every night. For staff. @throws {Problem} forbidden */
  retentionRun(who: Principal): Promise<RetentionDone>

  /** For staff. @throws {Problem} `forbidden` */
  status(who: Principal): Promise<EngineStatus>
  /** A task half-way, to see whether a later version can finish it. For staff. @throws {Problem} `task-not-in-flight` (409) */
  snapshot(id: string, who: Principal): Promise<TaskSnapshot>
  /** Puts such a task back as a new one, on the version it had, which need not be served. For staff. @returns its id */
  restore(snapshot: TaskSnapshot, who: Principal, uploads?: Readonly<Record<string, string>>): Promise<string>
  /** Throws when the database does not answer. */
  ping(): Promise<void>

  /** What a worker process uses; not for others. */
  readonly work: WorkerPort

  /** Ends its own activities and closes the database. */
  close(): Promise<void>
}

/** Names one attempt of one step. Everything a worker says carries it, and is refused once the attempt has lost its claim. */
export interface ClaimRef {
  taskId: string
  step: string
  /** Opaque. */
  lease: string
  /** Set where it is a slice of a step that fans out, which has a lease of its own. */
  slice?: string
}

/** An item as it is kept: the text that is item and key in one, or key and item. */
export type PlannedItem = string | [key: string, item: unknown]

/** An item that has failed for good. */
export interface ItemFailure {
  item: PlannedItem
  code: string
  title: string
  detail: string
  attempts: number
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

/** Items that the listing gave, in order. */
export interface ItemPage {
  /** JSON: an array of {@link PlannedItem}. */
  items: string
  count: number
  /** The last one's key. */
  cursor: string | undefined
  /** Whether they are the last. */
  sealed: boolean
}

/** What has become of a slice's next items. */
export interface SliceFlush {
  /** The items from `from` to before `to`, counted in their page. */
  from: number
  to: number
  failures: ItemFailure[]
  /** What the others appended, by slot. */
  appended: Record<string, Uint8Array>
  /** For the activity log. */
  lines: string[]
  /** Set with the last flush of a slice: how long its items took, in milliseconds. */
  over?: { items: number; ms: number }
}

/** What the files of a fan-out begin and end with, and are called; by slot. */
export interface Edges {
  headers: Record<string, string>
  footers: Record<string, string>
  filenames: Record<string, string>
}

/** A fan-out whose files are put together. */
export interface Composed {
  result: { total: number; completed: number; failed: number }
  /** Why the step fails all the same. */
  failure: Failure | null
}

/** What of a step that fans out is to be done. */
export type FanOutWork =
  /** List the items behind `cursor`, unless all are on record; or, where `again` names a task, take those that failed there. */
  | { phase: 'planning'; cursor: string | null; sealed: boolean; again: string | null }
  | {
      phase: 'slice'
      /** JSON: an array of {@link PlannedItem}. */
      items: string
      /** The place of the first of them in their page. */
      first: number
      /** Set after a lost worker: so many items at most between two flushes; one at a time before `singleUntil`, each taken in hand first. */
      wary: boolean
      singleUntil: number
    }
  /** Put the outputs together. */
  | { phase: 'finishing' }

/** A step's attempt in a worker's hands, with all that its handler needs. JSON throughout. */
export interface Claim extends ClaimRef {
  definition: string
  version: number
  kind: StepShape['kind']
  attempt: number
  input: Record<string, unknown>
  /** The results of the steps named in `after` (all results, for clean-up steps). */
  results: Record<string, unknown>
  checkpoint: unknown
  /** What `once` has kept, by key. */
  once: Record<string, unknown>
  principal: { id: string; name: string }
  scope: string
  uploads: Record<string, Pick<UploadView, 'filename' | 'mediaType' | 'size' | 'sha256'>>
  /** Set when the attempts are spent and the alternative path is to be taken. */
  otherwise: Failure | null
  /** Seconds. */
  timeout: number | null
  /** Set for a step that fans out. */
  fanOut?: FanOutWork
}

/**
 * An open task of an older version in a worker's hands, which serves a newer one that resumes it and is to make its input
 * and results fit. JSON throughout.
 */
export interface VersionMove {
  taskId: string
  /** Opaque. */
  lease: string
  definition: string
  from: number
  to: number
  /** Where the task's history stood: whatever happens to it meanwhile makes the move void. */
  sequence: number
  input: Record<string, unknown>
  /** The results of completed steps, by name. */
  results: Record<string, unknown>
}

export interface WorkerInfo {
  id: string
  name: string
  host: string
  pid: number
  concurrency: number
}

/** Where a step writes one output. The file is sealed with the step's completion, and removed if the attempt fails. */
export interface ArtifactSink {
  readonly id: string
  /** Resolves when the storage can take more. */
  write(chunk: Uint8Array): Promise<void>
  /** @returns the size in bytes and the SHA-256 */
  close(): Promise<{ size: number; sha256: string }>
  abort(): Promise<void>
}

/** What a claim's holder is told when it reports that it is alive. */
export interface HeartbeatAnswer {
  /** Attempts that are no longer this worker's; end them. */
  lost: ClaimRef[]
  /** Attempts whose task is being canceled; signal them. */
  canceling: ClaimRef[]
}

/** The engine's side towards a worker. Every method that takes a {@link ClaimRef} throws {@link ClaimLost} for a stale one. */
export interface WorkerPort {
  /** @throws {Problem} definition-conflict when a version is registered with another shape already, worker-id-invalid */
  register(worker: WorkerInfo, shapes: readonly DefinitionShape[]): Promise<void>
  unregister(workerId: string): Promise<void>
  /** Up to `limit` ready steps of what the worker registered; each is `running` in the record when this returns. */
  claim(workerId: string, limit: number): Promise<Claim[]>
  /**
   * Up to `limit` open tasks of older versions that what the worker serves resumes and that nobody else serves. Each is to
   * be given back with {@link WorkerPort.finishMove} within a minute, or is somebody else's.
   */
  claimMoves(workerId: string, limit: number): Promise<VersionMove[]>
  /**
   * Moves the task to the newer version, or keeps on record why that cannot be.
   *
   * @returns `left` when something happened to the task meanwhile: nothing was stored
   */
  finishMove(
    workerId: string,
    move: VersionMove,
    answer: MigratedTask | { failure: Failure },
  ): Promise<'moved' | 'left' | 'refused'>
  /** Up to `limit` slices of steps that fan out. */
  claimSlices(workerId: string, limit: number): Promise<Claim[]>
  /**
   * Records items that the listing gave.
   *
   * @returns false when no more are wanted, as too many have failed already
   */
  planItems(claim: ClaimRef, page: ItemPage): Promise<boolean>
  /** Records the items that failed in the task this one runs again. */
  planFailedItems(claim: ClaimRef): Promise<void>
  /** All items are on record: the step goes on in its slices. */
  planned(claim: ClaimRef): Promise<void>
  /** Records what became of a slice's items. Safe to repeat. */
  flushSlice(claim: Claim, flush: SliceFlush): Promise<void>
  /** Records which item of a slice is tried next, at its place in the page: asked before each that is done alone. */
  takeInHand(claim: ClaimRef, at: number): Promise<void>
  /** Writes the outputs of a fan-out. */
  compose(claim: ClaimRef, edges: Edges): Promise<Composed>
  /** Calls `listener` whenever there may be work for this process; returns how to stop that. */
  onWork(listener: () => void): () => void
  /** Calls `listener` when a task is asked to end; returns how to stop that. */
  onCancel(listener: (taskId: string) => void): () => void
  heartbeat(workerId: string, claims: readonly ClaimRef[]): Promise<HeartbeatAnswer>
  progress(claim: ClaimRef, progress: { done: number; total?: number; message?: string }): Promise<void>
  log(claim: ClaimRef, message: string): Promise<void>
  saveCheckpoint(claim: ClaimRef, value: unknown): Promise<void>
  saveOnce(claim: ClaimRef, key: string, value: unknown): Promise<void>
  readUpload(claim: ClaimRef, name: string, range?: ByteRange): Promise<Readable>
  openArtifact(claim: ClaimRef, slot: string, options: { filename: string; mediaType?: string }): Promise<ArtifactSink>
  /** @throws {Problem} result-too-large */
  complete(claim: ClaimRef, result: unknown): Promise<void>
  /** Retries, takes the alternative path or fails the step, as its policy says. */
  fail(claim: ClaimRef, failure: Failure): Promise<void>
  /** The handler has ended because its task is being canceled. */
  canceled(claim: ClaimRef): Promise<void>
  /** Hands the step back without spending an attempt: the worker is stopping. */
  release(claim: ClaimRef): Promise<void>
}
