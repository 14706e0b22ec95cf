import type { DefinitionShape } from '@errand/task'
import type { WorkerInfo } from '../types.ts'
import type { Served } from './round.ts'

/** A worker of this process, with what it serves and whose turn it is. */
export interface Registered {
  info: WorkerInfo
  definitions: Served[]
  /** Those that have a step which fans out, with the queue of its slices. */
  sliced: Served[]
  /** Those that take over what older versions have left. */
  resuming: DefinitionShape[]
  /** Queues found empty, until when they are not asked again without being told of work. */
  idleUntil: Map<string, number>
  /** Where the next round begins, so that no definition always comes first. */
  turn: number
  slicesTurn: number
}
