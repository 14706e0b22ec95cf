import { type ObjectStore, TaskFailure } from '@errand/task'
import { type CourseRef, type CourseVersion, keptVersion, readHead, refRevision } from './course-ref.ts'
import { refKey } from './object-keys.ts'

/** How often publishing is tried when others publish the same course at the same moment; one of them succeeds each time. */
const PUBLISH_TRIES = 10
/** Revisions of a ref that are left, the new one included: for those who have just seen an earlier one listed. */
const KEPT_REVISIONS = 4
/** Dropped versions that a ref remembers, for the sweep; more than a week of an import each half an hour. */
const DROPPED_LISTED = 500

/** What has to hold for a version to be published, and what happens to the others. */
export interface PublishRules {
  /** How many versions stay listed, the new one included. */
  kept: number
  /** The version must still be the course: it is what the new one was made from. */
  from?: number
  /** The version must still be kept: its files are the new one's. */
  of?: number
}

/**
 * Makes a version the course, in one atomic write. Doing it again for the same task changes nothing.
 *
 * Each state of the ref is an object of its own, numbered, and created only if there is none of that number: of several
 * who publish at once one gets the next number, and the others look again at what is there then. So nobody overwrites
 * what he has not seen, on any storage.
 *
 * @param log - is told what went wrong after the switch, which takes nothing back
 * @throws {TaskFailure} `course-changed`, `course-version-unknown` when the rules do not hold any more; `course-busy`
 */
export async function publishVersion(
  store: ObjectStore,
  course: string,
  version: Omit<CourseVersion, 'number'>,
  rules: PublishRules,
  log: (message: string) => void,
): Promise<CourseVersion> {
  for (let tries = 0; tries < PUBLISH_TRIES; tries++) {
    const head = await readHead(store, course)
    const done = head && publishedBy(head.ref, version.task)
    if (done) return done
    checkRules(head?.ref, course, rules)
    const revision = (head?.revision ?? 0) + 1
    const next = following(head?.ref, course, version, rules.kept)
    if (!(await store.create(refKey(course, revision), `${JSON.stringify(next, null, 2)}\n`))) continue
    // One that was slow may have created a number that the others have long passed, and removed. Nobody looks at it.
    const after = await readHead(store, course)
    const published = after && publishedBy(after.ref, version.task)
    if (published) {
      // The next one to publish removes them.
      await removeOld(store, course, revision).catch(() => log('Earlier states of the course could not be removed.'))
      return published
    }
    await store.delete(refKey(course, revision))
  }
  throw new TaskFailure({
    code: 'course-busy',
    title: 'The course is being changed by others all the time',
    detail: `${PUBLISH_TRIES} times in a row another task changed ${course} at the same moment.`,
    hint: 'Run it again when the others are done.',
    retryable: true,
  })
}

function publishedBy({ dropped, versions }: CourseRef, task: string): CourseVersion | undefined {
  return versions.find((each) => each.task === task) ?? dropped.find((each) => each.task === task)
}

function checkRules(ref: CourseRef | undefined, course: string, { from, of }: PublishRules): void {
  if (of !== undefined && ref) keptVersion(ref, of)
  if (from === undefined || ref?.current === from) return
  throw new TaskFailure({
    code: 'course-changed',
    title: 'The course was changed meanwhile',
    detail: `This was made from version ${from} of ${course}, and another task has since made version ${ref?.current ?? 0} the course.`,
    hint: 'Run it again; it then starts from the course as it is now.',
  })
}

function following(
  ref: CourseRef | undefined,
  course: string,
  version: Omit<CourseVersion, 'number'>,
  kept: number,
): CourseRef {
  const earlier = ref?.versions ?? []
  const number = Math.max(0, ...earlier.map((each) => each.number)) + 1
  const versions = [...earlier, { ...version, number }]
  const dropped = versions.splice(0, Math.max(0, versions.length - kept))
  const at = version.at
  const listed = [...(ref?.dropped ?? []), ...dropped.map((each) => ({ ...each, droppedAt: at }))]
  return { format: 1, course, current: number, versions, dropped: listed.slice(-DROPPED_LISTED) }
}

async function removeOld(store: ObjectStore, course: string, revision: number): Promise<void> {
  for await (const { key } of store.list(refKey(course))) {
    const found = refRevision(key)
    if (found !== undefined && found <= revision - KEPT_REVISIONS) await store.delete(key)
  }
}
