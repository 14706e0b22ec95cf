import type { Services } from '../services.ts'

/** The process that starts fan-outs. */
export interface Starter {
  /** Plans `items` items, and resolves when the file with all rows in order is complete at `file`. */
  run(items: number, file: string): Promise<void>
  close(): Promise<void>
}

/** A system as it is measured: one process that starts, and one or more that work. */
export interface FanOutSystem {
  name: string
  /** How it is set up, in a line. */
  setup: string
  needs: readonly ('postgres' | 'redis')[]
  /** Processes that work: what was fastest on two cores. */
  workers: number
  /** The most items it is given, where more would take too long. */
  most?: number
  /** Creates schemas and queues; runs once. */
  prepare(services: Services): Promise<void>
  openStarter(services: Services): Promise<Starter>
  openWorker(services: Services): Promise<{ close(): Promise<void> }>
  /** How many items the system has on record as done, after the file was complete. */
  done(services: Services): Promise<number>
}
