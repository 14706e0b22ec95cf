import type { ByteRange } from '@errand/task'
import type { People } from './access/people.ts'
import type { CallersTransaction } from './database/callers-transaction.ts'
import type { Notifications } from './notifications/notifications.ts'
import type { Schedules } from './schedules/schedules.ts'
import type {
  AccessEntry,
  ArrivingUpload,
  ArtifactView,
  Delivered,
  DeliveryWish,
  OpenedArtifact,
  ScopeUsage,
  UploadChecksum,
  UploadView,
} from './types/files.ts'
import type {
  DefinitionQuery,
  DefinitionView,
  EngineMeasures,
  EngineStatus,
  RetentionDone,
  RetentionPreview,
  WorkerView,
} from './types/operation.ts'
import type { Principal } from './types/people.ts'
import type {
  Allowance,
  FailedItemPage,
  FeedEvent,
  LogLine,
  SubmitRequest,
  Submitted,
  TaskPage,
  TaskQuery,
  TaskSnapshot,
  TaskView,
  Transition,
} from './types/tasks.ts'
import type { WorkerPort } from './types/work.ts'

export * from './types/files.ts'
export * from './types/operation.ts'
export * from './types/people.ts'
export * from './types/schedules.ts'
export * from './types/tasks.ts'
export * from './types/work.ts'

/** What can be done within a caller's transaction. */
export interface EngineWithin {
  /**
   * What it returns can be read with `getTask` once the caller has committed.
   *
   * @throws {Problem} as `submit` of the engine; transaction-elsewhere, transaction-missing
   */
  submit(request: SubmitRequest, who: Principal): Promise<{ id: string; created: boolean }>
}

/** Everything a server, a CLI or an embedding platform may ask of the engine. */
export interface Engine {
  readonly database: 'pglite' | 'postgres'

  /** @throws {Problem} definition-unknown, input-invalid, upload-unknown, upload-missing, task-running (409), forbidden */
  submit(request: SubmitRequest, who: Principal): Promise<Submitted>
  /**
   * The same within a transaction of the caller's own, in the PostgreSQL database that the engine is on: the task is there
   * if and only if the caller commits. `fromPg`, `fromKysely`, `fromDrizzle`, `fromPrisma` and `fromKnex` make one of what
   * a library hands out.
   *
   * A refusal (a {@link Problem}) leaves the transaction as good as it was. Others who want the same key of "one at a
   * time", or the same Idempotency-Key, wait until the caller commits: submit last.
   *
   * @example
   * ```ts
   * await db.transaction().execute(async (trx) => {
   *   await trx.insertInto('orders').values(order).execute()
   *   await engine.within(fromKysely(trx)).submit({ definition: 'invoice', input: { order: order.id } }, who)
   * })
   * ```
   */
  within(transaction: CallersTransaction): EngineWithin
  /** @throws {Problem} task-unknown, also for what `who` may not see */
  getTask(id: string, who: Principal): Promise<TaskView>
  /**
   * The task that one's own submit with this `idempotencyKey` led to, for clients that keep no ids.
   *
   * @example
   * ```ts
   * const task = await engine.findSubmitted('order-17', who)
   * ```
   */
  findSubmitted(idempotencyKey: string, who: Principal): Promise<TaskView | undefined>
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
   * Removes a task that is over, with its files and its history.
   *
   * @throws {Problem} task-unknown, forbidden, task-open (409), files-remain (503)
   */
  deleteTask(id: string, who: Principal): Promise<void>
  /**
   * A new task with the same definition (the promoted version), input and uploads; with `failedItems`, its steps that
   * fan out do only what failed.
   *
   * @throws {Problem} task-unknown, nothing-failed, items-not-tried, failed-items-elsewhere
   */
  runAgain(id: string, who: Principal, options?: { failedItems?: boolean }): Promise<Submitted>
  /** Begins no more slices; those in hand end. @throws {Problem} task-unknown, not-fanning-out */
  pause(id: string, who: Principal): Promise<TaskView>
  resume(id: string, who: Principal): Promise<TaskView>
  /** Slices at once, 1 to 1,000. @throws {Problem} task-unknown, not-fanning-out, concurrency-invalid */
  setConcurrency(id: string, concurrency: number, who: Principal): Promise<TaskView>

  /** Whether `who` may start the promoted version about `scope`, and how far its limits are used up: before they try. */
  allowance(name: string, scope: string, who: Principal): Promise<Allowance>
  definitions(who: Principal, query?: DefinitionQuery): Promise<DefinitionView[]>
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
  /** Who works and serves what; and, for those who may see all tasks, at which steps. */
  workers(who: Principal): Promise<WorkerView[]>

  /** Takes a file in, streaming. @throws {Problem} upload-too-large, storage-failed */
  createUpload(
    file: { filename: string; mediaType: string; body: AsyncIterable<Uint8Array>; metadata?: string },
    who: Principal,
  ): Promise<UploadView>
  /** Begins one that arrives in parts. @throws {Problem} upload-too-large, upload-too-many */
  beginUpload(
    file: { filename: string; mediaType: string; size: number; metadata?: string; sha256?: string },
    who: Principal,
  ): Promise<ArrivingUpload>
  /**
   * The newest of one's own uploads of which exactly this `metadata` was said, for clients that keep no ids.
   *
   * @example
   * ```ts
   * const upload = await engine.findUpload('filename Y291cnNlLnRhci5neg==', who)
   * ```
   */
  findUpload(metadata: string, who: Principal): Promise<ArrivingUpload | undefined>
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
  /** What runs by cron. */
  readonly schedules: Schedules

  /** What {@link retentionRun} would remove. For staff. @throws {Problem} forbidden */
  retentionPreview(who: Principal): Promise<RetentionPreview>
  /** Removes what is due, as happens every night. For staff. @throws {Problem} forbidden */
  retentionRun(who: Principal): Promise<RetentionDone>

  /** For staff. @throws {Problem} `forbidden` */
  status(who: Principal): Promise<EngineStatus>
  /** What is worth drawing over time. It reads more than a status does. For staff. @throws {Problem} `forbidden` */
  measures(who: Principal): Promise<EngineMeasures>
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
