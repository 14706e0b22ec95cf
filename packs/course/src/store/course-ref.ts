import type { ObjectStore } from '@errand/task'
import { TaskFailure } from '@errand/task'
import { z } from 'zod'
import { refKey } from './object-keys.ts'

const versionSchema = z.object({
  /** 1 for the first, one more for each after it; never given twice. */
  number: z.int().min(1),
  /** SHA-256 of the structure object. */
  structure: z.string().length(64),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  by: z.object({ id: z.string(), name: z.string() }),
  /** The task that made it: what makes publishing twice harmless. */
  task: z.string(),
  /** How it came to be: `import`, `merge`, `revert to 3`. */
  how: z.string(),
  files: z.int().min(0),
  /** In bytes, all files together. */
  bytes: z.int().min(0),
})

const refSchema = z.object({
  format: z.literal(1),
  course: z.string(),
  /** Number of the version that is the course now. */
  current: z.int().min(1),
  /** Kept ones, oldest first. */
  versions: z.array(versionSchema).min(1),
})

/** A version of a course, as its ref lists it. */
export type CourseVersion = z.infer<typeof versionSchema>
/** The one changing object of a course: which version it is, and which others are kept. */
export type CourseRef = z.infer<typeof refSchema>

/** @throws {TaskFailure} `course-ref-damaged` */
export async function readRef(store: ObjectStore, course: string): Promise<CourseRef | undefined> {
  const bytes = await store.get(refKey(course))
  if (!bytes) return undefined
  try {
    return refSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new TaskFailure({
      code: 'course-ref-damaged',
      title: `The record of the course ${course} cannot be read`,
      detail: `The object ${refKey(course)} in the course storage is not what was written there.`,
      hint: 'Ask the operator to restore this object from a backup.',
      cause,
    })
  }
}

/** The version that is the course now. */
export function currentVersion(ref: CourseRef): CourseVersion {
  const version = ref.versions.find(({ number }) => number === ref.current)
  if (!version) throw new RangeError(`${ref.course}: version ${ref.current} is not listed`)
  return version
}

/** The failure for a course that the store does not have. */
export function unknownCourse(course: string): TaskFailure {
  return new TaskFailure({
    code: 'course-unknown',
    title: 'There is no such course',
    detail: `Nothing has been imported as "${course}".`,
    hint: 'Check the spelling of the key, upper and lower case included, or import the course first.',
  })
}

/**
 * A kept version by its number.
 *
 * @throws {TaskFailure} `course-version-unknown`, naming the ones that are kept
 */
export function keptVersion(ref: CourseRef, number: number): CourseVersion {
  const version = ref.versions.find((kept) => kept.number === number)
  if (version) return version
  throw new TaskFailure({
    code: 'course-version-unknown',
    title: 'There is no such version of the course',
    detail: `Version ${number} of ${ref.course} is not kept; kept are ${ref.versions.map((kept) => kept.number).join(', ')}.`,
    hint: 'Choose one of these; course.versions tells who made each, and when.',
  })
}

/** How often publishing is tried when another task keeps writing the same ref. */
const PUBLISH_TRIES = 5

/**
 * Makes a version the course, in one atomic write. Doing it again for the same task changes nothing.
 *
 * Storage has no compare-and-swap that all backends know. Imports of one course wait for each other, but a revert
 * may come between; so the ref is read again after the write, and written once more if the version is not in it.
 *
 * @param kept - how many versions stay listed, the new one included
 */
export async function publishVersion(
  store: ObjectStore,
  course: string,
  version: Omit<CourseVersion, 'number'>,
  kept: number,
): Promise<CourseVersion> {
  for (let tries = 0; tries < PUBLISH_TRIES; tries++) {
    const ref = await readRef(store, course)
    const done = ref?.versions.find(({ task }) => task === version.task)
    if (done) return done
    const number = Math.max(0, ...(ref?.versions ?? []).map((earlier) => earlier.number)) + 1
    const versions = [...(ref?.versions ?? []), { ...version, number }].slice(-kept)
    const next: CourseRef = { format: 1, course, current: number, versions }
    await store.put(refKey(course), `${JSON.stringify(next, null, 2)}\n`)
  }
  throw new TaskFailure({
    code: 'course-busy',
    title: 'The course is being changed by others all the time',
    detail: `${PUBLISH_TRIES} times in a row another task changed ${course} at the same moment.`,
    hint: 'Run it again when the others are done.',
    retryable: true,
  })
}
