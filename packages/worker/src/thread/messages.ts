import type { MessagePort } from 'node:worker_threads'
import type { Claim, VersionMove } from '@errand/engine'
import type { DefinitionShape, Failure, MigratedTask, StoreConfig } from '@errand/task'

/** A pack as a thread is told to load it. */
export interface PackSource {
  /** What the configuration calls it; in messages. */
  name: string
  /** `file:` URL of its module. */
  url: string
  /** Its options, as the configuration gives them. */
  options: unknown
}

/** What every thread is started with. */
export interface ThreadSetup {
  packs: readonly PackSource[]
}

/** What a thread is asked to do. */
export type Order =
  | { kind: 'describe' }
  /** `heldUntil`: until when, by the steady clock, the claim was certain when this was sent. */
  | { kind: 'step'; claim: Claim; heldUntil: number; pack: number; port: MessagePort }
  | { kind: 'migrate'; moves: VersionMove[]; pack: number }

/** What became of one task that was to fit a newer version. */
export type MoveAnswer = MigratedTask | { failure: Failure }

/** What the main thread knows of a pack, which it never loads itself. */
export interface PackDescription {
  name: string
  definitions: DefinitionShape[]
  stores: Record<string, StoreConfig | undefined>
}

/** A thread's answer to `describe`. */
export type Description = { packs: PackDescription[] } | { failure: Failure }

/** Task code wrote a line to the console. */
export interface ConsoleLine {
  errand: 'console'
  level: 'debug' | 'info' | 'warn' | 'error'
  text: string
  /** Whose code it was, where that is known. */
  taskId?: string
  step?: string
}
