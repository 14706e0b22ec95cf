import { createHash } from 'node:crypto'
import { z } from 'zod'

/** Three parts for a course (organisation, course, run), two for a library; what an input field shows when it does not fit. */
const KEY = /^(course-v1:[^\s+/]+\+[^\s+/]+\+[^\s+/]+|library-v1:[^\s+/]+\+[^\s+/]+)$/

/** Longer ones do not fit into the records of the platforms that use such keys. In characters. */
const KEY_LIMIT = 255

/**
 * The key of a course (`course-v1:Org+Course+Run`) or of a library (`library-v1:Org+Library`), as an input field.
 */
export const courseKeySchema = z
  .string()
  .max(KEY_LIMIT)
  .regex(KEY, 'must be a key such as course-v1:Org+Course+Run or library-v1:Org+Library')
  .describe('A course key such as course-v1:Org+Course+Run, or a library key such as library-v1:Org+Library')

export type ContentKind = 'course' | 'library'

/** What the key names. */
export function kindOfKey(key: string): ContentKind {
  return key.startsWith('library-v1:') ? 'library' : 'course'
}

/** Most storage backends and file systems end a name at 255 bytes; the rest is left for what stands around it. */
const NAME_BYTES = 200

/**
 * The key as one segment of an object's name: it can be read, and different keys never meet.
 *
 * @example
 * ```ts
 * safeName('course-v1:A+B+C') // 'course-v1%3AA%2BB%2BC'
 * ```
 */
export function safeName(key: string): string {
  const name = encodeURIComponent(key)
  if (name.length <= NAME_BYTES) return name
  return `${name.slice(0, NAME_BYTES - 65)}~${createHash('sha256').update(key).digest('hex')}`
}

/** The key that a {@link safeName} stands for; `undefined` for one that was shortened, or is none. */
export function keyOfName(name: string): string | undefined {
  if (name.length === NAME_BYTES && /~[0-9a-f]{64}$/.test(name)) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}
