import { getPriority, setPriority } from 'node:os'
import { THREAD_NICENESS } from '../config.ts'

/** The least that the system knows. */
const LEAST = 19

/**
 * Lets this thread, and no other of the process, have what of the processors the others leave. On Linux alone: there a thread
 * has a priority of its own, elsewhere the whole process would give way.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(Math.min(LEAST, getPriority() + THREAD_NICENESS))
  } catch {
    // Forbidden by a sandbox: then all are equal.
  }
}
