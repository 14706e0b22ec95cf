import type { Readable, Writable } from 'node:stream'
import type { ArtifactState } from './machines.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'

/** An output as a step sees it after writing it. */
export interface WrittenArtifact {
  id: string
  filename: string
  /** In bytes. */
  size: number
  /** Hexadecimal. */
  sha256: string
  state: ArtifactState
}

/** Overrides for one file in a slot. */
export interface WriteOptions {
  filename?: string
  mediaType?: string
}

/** One output slot of the task. The file becomes visible to its owner when the step completes. */
export interface ArtifactSlot {
  /**
   * Writes the file from a text, bytes, or anything that yields them, at the pace of the storage.
   * Writing a slot again within one task replaces what the failed attempt left.
   */
  write(
    content: string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
    options?: WriteOptions,
  ): Promise<WrittenArtifact>
  /** The same as a Node stream, for `pipeline`. The file is complete once the stream has finished. */
  writable(options?: WriteOptions): Writable
}

/** A file the user handed in. */
export interface UploadedFile {
  filename: string
  mediaType: string
  /** In bytes. */
  size: number
  /** Hexadecimal. */
  sha256: string
  /** Its bytes, at the reader's pace. */
  readable(range?: ByteRange): Readable
}

/** Whoever started the task. */
export interface TaskPrincipal {
  id: string
  name: string
}

/** What a step's handler is given. */
export interface StepContext<
  Input = unknown,
  Results = unknown,
  Uploads extends string = string,
  Artifacts extends string = string,
> {
  /** The task's id, for the author's own records. */
  readonly taskId: string
  /** Checked against the definition's schema. */
  readonly input: Input
  /** What the steps named in `after` returned. */
  readonly results: Results
  /** Aborts on cancel, on a time-out, and when this attempt has lost its claim. Pass it on to whatever waits. */
  readonly signal: AbortSignal
  /** 1 for the first try. */
  readonly attempt: number
  readonly principal: TaskPrincipal
  /** What the task is about, such as `course:course-v1:Org+C+R`; empty when the definition says nothing. */
  readonly scope: string
  /** The pack's options from the platform's configuration. */
  readonly options: unknown
  /** The pack's own object stores, by name. */
  readonly stores: Readonly<Record<string, ObjectStore>>
  readonly uploads: { readonly [Name in Uploads]: UploadedFile }
  readonly artifacts: { readonly [Name in Artifacts]: ArtifactSlot }
  /** How far the step is. Call it as often as you like: what is sent is rate-limited. */
  progress(done: number, total?: number, message?: string): void
  /** A line in the task's activity log, which its user reads. */
  log(message: string): void
  /** What an earlier attempt of this step saved, or `undefined`. */
  readonly checkpoint: unknown
  /** Saves where the step stands; the next attempt finds it in `checkpoint`. JSON, at most 256 KiB. */
  saveCheckpoint(value: unknown): Promise<void>
  /**
   * Runs `action` once for this step and keeps what it returned: a later attempt gets the value
   * without running it. For effects outside that must not happen twice after a retry.
   */
  once<T>(key: string, action: () => T | Promise<T>): Promise<T>
}

/** Does a step's work. What it returns is kept as the step's result: JSON, at most 1 MiB. */
export type Handler<Context, Result> = (context: Context) => Result | Promise<Result>
