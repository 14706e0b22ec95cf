import { safeName } from '../course-key.ts'

/** Where an object lies that is named by the SHA-256 of its bytes; two letters deep, as git does, so that no folder grows too big. */
export function objectKey(sha256: string): string {
  return `${OBJECTS}${sha256.slice(0, 2)}/${sha256}`
}

/** Below this lie the refs of all courses. */
export const REFS = 'refs/'
/** Below this lie all objects. */
export const OBJECTS = 'objects/'
/** Below this lies what running imports lay aside. */
export const WORK = 'work/'

/** Where the states of a course's ref lie, or one of them: the one with the highest number is what the course is. */
export function refKey(course: string, revision?: number): string {
  const prefix = `${REFS}${safeName(course)}/`
  return revision === undefined ? prefix : `${prefix}${String(revision).padStart(12, '0')}.json`
}

/** What a running task lays aside from one step to the next; removed when it ends. */
export function workPrefix(taskId: string): string {
  return `${WORK}${safeName(taskId)}/`
}
