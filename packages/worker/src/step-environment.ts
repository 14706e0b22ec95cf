import type { WorkerPort } from '@errand/engine'
import type { Failure } from '@errand/task'
import type { Logger } from 'pino'
import type { ServedPacks } from './served-packs.ts'
import type { Threads } from './threads.ts'

/** What all steps of one worker have in common. */
export interface StepEnvironment {
  work: WorkerPort
  threads: Threads
  packs: ServedPacks
  logger: Logger
  graceMs: number
  startMs: number
  memoryMb: number
  onFailure: ((failure: Failure) => void) | undefined
}
