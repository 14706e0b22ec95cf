import type { ObjectInfo } from '@errand/task'

/** Milliseconds in a day. */
export const DAY_MS = 86_400_000
/** Milliseconds from its last write in which an object is taken for new; no import takes longer. */
export const FRESH_MS = DAY_MS

/** Whether it was written lately; also true of what has no time, which is never removed. */
export function isNew({ modified }: ObjectInfo, ms: number): boolean {
  return modified === undefined || Date.now() - modified.getTime() < ms
}
