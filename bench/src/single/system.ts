import type { Services } from '../services.ts'

/** What a job is given: nothing to do, only what tells when it was submitted. */
export type Payload = {
  /** {@link now} before the submit was called. */
  at: number
  /** Whether its latency is asked for. */
  paced: boolean
}

/** What one of a system's two processes does. */
export type Role = 'submit' | 'work' | 'both'

/** One of a system's two processes. */
export interface Participant {
  /** Resolves when the system has said that it has the job. */
  submit(payload: Payload): Promise<void>
  /** Milliseconds from submit to the handler's first line, of the paced jobs that ran here. */
  latencies(): Promise<number[]>
  close(): Promise<void>
}

/** A system as it is measured: two processes beside the one that measures. */
export interface System {
  name: string
  /** How it is set up, in a line. */
  setup: string
  needs: readonly ('postgres' | 'redis')[]
  roles: readonly [Role, Role]
  /** Creates schemas and queues; runs once. */
  prepare(services: Services): Promise<void>
  open(role: Role, services: Services): Promise<Participant>
  /** How many jobs the system has on record as completed. */
  openCounter(services: Services): Promise<Counter>
}

export interface Counter {
  count(): Promise<number>
  /** Called when the system is warm. */
  settle?(): Promise<void>
  /** Throws when the record is not what the system promises. */
  verify?(jobs: number): Promise<void>
  close(): Promise<void>
}

/** Milliseconds of the machine's monotonic clock, with fractions: the same in all its processes and threads. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
