import { safeName } from '../course-key.ts'

/** Where an object lies that is named by the SHA-256 of its bytes; two letters deep, as git does, so that no folder grows too big. */
export function objectKey(sha256: string): string {
  return `objects/${sha256.slice(0, 2)}/${sha256}`
}

/** Where the one changing object of a course lies. */
export function refKey(course: string): string {
  return `refs/${safeName(course)}.json`
}

/** What a running task lays aside from one step to the next; removed when it ends. */
export function workPrefix(taskId: string): string {
  return `work/${safeName(taskId)}/`
}
