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
  /** Versions that are no longer kept, oldest first; a sweep leaves their files for some days. */
  dropped: z.array(versionSchema.extend({ droppedAt: z.iso.datetime() })).default([]),
})

/** A version of a course, as its ref lists it. */
export type CourseVersion = z.infer<typeof versionSchema>
/** What changes of a course: which version it is, and which others are kept. */
export type CourseRef = z.infer<typeof refSchema>

/** A state of a ref, and the number of its object. */
export interface RefHead {
  revision: number
  ref: CourseRef
}

/** How often it is looked again when the revision that was listed last is gone by the time it is read. */
const LOOKS = 5

/** @throws {TaskFailure} `course-ref-damaged` */
export async function readRef(store: ObjectStore, course: string): Promise<CourseRef | undefined> {
  return (await readHead(store, course))?.ref
}

/**
 * The latest state of a ref: the object with the highest number.
 *
 * @throws {TaskFailure} `course-ref-damaged`
 */
export function readHead(store: ObjectStore, course: string): Promise<RefHead | undefined> {
  return readHeadBelow(store, refKey(course))
}

/** The same by the folder of the ref's states. */
export async function readHeadBelow(store: ObjectStore, folder: string): Promise<RefHead | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    let head = { key: '', revision: 0 }
    for await (const { key } of store.list(folder)) {
      const revision = refRevision(key) ?? 0
      if (revision > head.revision) head = { key, revision }
    }
    if (head.revision === 0) return undefined
    const bytes = await store.get(head.key)
    // Gone: so much was published since the look that it has been removed as old.
    if (bytes) return { revision: head.revision, ref: parseRef(bytes, head.key) }
  }
  throw new Error(`${folder} changes faster than it can be read.`)
}

/** The folder of a ref's state. */
export function refFolder(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1)
}

/** The number in the key of a ref's state; `undefined` for another key. */
export function refRevision(key: string): number | undefined {
  const [, digits] = /\/(\d{12})\.json$/.exec(key) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** @throws {TaskFailure} `course-ref-damaged`, naming the object */
function parseRef(bytes: Uint8Array, key: string): CourseRef {
  try {
    return refSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch (cause) {
    throw new TaskFailure({
      code: 'course-ref-damaged',
      title: 'The record of a course cannot be read',
      detail: `The object ${key} in the course storage is not what was written there.`,
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
