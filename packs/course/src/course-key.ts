import { createHash } from 'node:crypto'
import { z } from 'zod'

/** A course: organisation, course number, run. */
const COURSE_KEY = /^course-v1:[\p{L}\p{N}_.~:-]+\+[\p{L}\p{N}_.~:-]+\+[\p{L}\p{N}_.~:-]+$/u
/** A library: organisation, library code. */
const LIBRARY_KEY = /^library-v1:[\p{L}\p{N}_.~:-]+\+[\p{L}\p{N}_.~:-]+$/u

/** Longer ones do not fit into the records of the platforms that use such keys. In characters. */
const KEY_LIMIT = 255

/**
 * The key of a course (`course-v1:Org+Course+Run`) or of a library (`library-v1:Org+Library`), as an input field.
 */
export const courseKeySchema = z
  .string()
  .max(KEY_LIMIT)
  .regex(
    new RegExp(`${COURSE_KEY.source}|${LIBRARY_KEY.source}`, 'u'),
    'must be a course key such as course-v1:Org+Course+Run, or a library key such as library-v1:Org+Library',
  )
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
