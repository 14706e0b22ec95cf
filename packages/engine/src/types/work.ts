import type { Readable } from 'node:stream'
import type { ByteRange, DefinitionShape, Failure, MigratedTask, StepShape } from '@errand/task'
import type { UploadView } from './files.ts'

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

/** Items that the listing gave, in order. */
export interface ItemPage {
  /** JSON: an array of {@link PlannedItem}. */
  items: string
  count: number
  /** The last one's key. */
  cursor: string | undefined
  /** Whether they are the last. */
  sealed: boolean
  /** W3C trace context of the run that lists them, which their slices are to belong to. */
  traceparent?: string | null
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
      /** Their page, and the place of the first of them in it. */
      page: number
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
  /** W3C trace context of what it follows from, where somebody watches. */
  traceparent: string | null
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
  /** Milliseconds for which a claim, or a heartbeat that did not call it lost, keeps an attempt this worker's. */
  readonly leaseMs: number
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
  planItems(claim: Claim, page: ItemPage): Promise<boolean>
  /** Records the items that failed in the task this one runs again. */
  planFailedItems(claim: ClaimRef): Promise<void>
  /** All items are on record: the step goes on in its slices. */
  planned(claim: ClaimRef): Promise<void>
  /** Records what became of a slice's items. Safe to repeat. */
  flushSlice(claim: Claim, flush: SliceFlush): Promise<void>
  /** Records which item of a slice is tried next, at its place in the page: asked before each that is done alone. */
  takeInHand(claim: ClaimRef, at: number): Promise<void>
  /** Writes the outputs of a fan-out; ends early, with an error, when `signal` aborts. Safe to repeat. */
  compose(claim: ClaimRef, edges: Edges, signal?: AbortSignal): Promise<Composed>
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
  openArtifact(
    claim: ClaimRef,
    slot: string,
    options: { filename: string; mediaType?: string; handedOver?: boolean },
  ): Promise<ArtifactSink>
  /** @throws {Problem} result-too-large */
  complete(claim: ClaimRef, result: unknown): Promise<void>
  /** Retries, takes the alternative path or fails the step, as its policy says. */
  fail(claim: ClaimRef, failure: Failure): Promise<void>
  /** The handler has ended because its task is being canceled. */
  canceled(claim: ClaimRef): Promise<void>
  /** Hands the step back without spending an attempt: the worker is stopping. */
  release(claim: ClaimRef): Promise<void>
}
