import type { Composed, Edges, ItemPage, SliceFlush } from '@errand/engine'
import type { ByteRange, Failure, ObjectInfo, WrittenArtifact } from '@errand/task'
import type { Channel } from './channel/channel.ts'

/** What a step's thread may ask of the main thread, which alone talks to the engine and to storage. */
export interface StepCalls {
  /** Before the step's code begins, when the lease may have run out: the time until which it holds. */
  confirmLease: { args: undefined; value: number }
  saveCheckpoint: { args: { json: string }; value: undefined }
  saveOnce: { args: { key: string; json: string }; value: undefined }
  /** Answers when the whole stream has been sent. */
  readUpload: { args: { stream: number; name: string; range?: ByteRange }; value: undefined }
  /** Answers when the file has been stored. */
  writeArtifact: {
    args: { stream: number; slot: string; filename: string; mediaType?: string }
    value: WrittenArtifact
  }
  storeRead: { args: { store: string; stream: number; key: string; range?: ByteRange }; value: undefined }
  storeWrite: { args: { store: string; stream: number; key: string }; value: undefined }
  storeGet: { args: { store: string; key: string }; value: Uint8Array | undefined }
  storePut: { args: { store: string; key: string; content: Uint8Array | string }; value: undefined }
  storeCreate: { args: { store: string; key: string; content: Uint8Array | string }; value: boolean }
  storeStat: { args: { store: string; key: string }; value: ObjectInfo | undefined }
  /** The next page of listing number `list`, which the first such call begins. An empty page is the last. */
  storeList: { args: { store: string; list: number; prefix: string }; value: ObjectInfo[] }
  storeListEnd: { args: { list: number }; value: undefined }
  storeMove: { args: { store: string; from: string; to: string }; value: undefined }
  storeDelete: { args: { store: string; key: string }; value: undefined }
  /** Answers whether more items are wanted. */
  planItems: { args: ItemPage; value: boolean }
  planFailedItems: { args: undefined; value: undefined }
  flushSlice: { args: SliceFlush; value: undefined }
  /** Before an item is tried that is done alone: its place. */
  takeInHand: { args: { at: number }; value: undefined }
  compose: { args: Edges; value: Composed }
}

/** The main thread's side of {@link StepCalls}. */
export type StepCallHandlers = {
  [Name in keyof StepCalls]: (args: StepCalls[Name]['args']) => Promise<StepCalls[Name]['value']>
}

/** What a step's thread tells without waiting for an answer. */
export interface StepNotes {
  /** The thread has begun; a thread kept busy by a former step does not say so. */
  started: { threadId: number }
  progress: { done: number; total?: number; message?: string }
  log: string
  outcome: Outcome
}

/** Why a step's signal aborts. */
export type AbortReason = 'canceled' | 'step-timed-out' | 'claim-lost' | 'worker-stopping'

/** How a handler ended. */
export type Outcome =
  | { kind: 'completed'; json: string }
  /** `crashed`: the error came from nowhere the handler could see, so its thread is not used again. */
  | { kind: 'failed'; failure: Failure; crashed: boolean }

/** Asks the main thread. Both ends are of this package and version, so the answer is of the type it says. */
export function ask<Name extends keyof StepCalls>(
  channel: Channel,
  name: Name,
  args: StepCalls[Name]['args'],
  transfer: ArrayBuffer[] = [],
): Promise<StepCalls[Name]['value']> {
  return channel.call(name, args, transfer) as Promise<StepCalls[Name]['value']>
}

/** Tells the main thread. */
export function tell<Name extends keyof StepNotes>(channel: Channel, name: Name, value: StepNotes[Name]): void {
  channel.note(name, value)
}
