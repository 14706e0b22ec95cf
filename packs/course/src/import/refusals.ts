import { type ObjectStore, TaskFailure } from '@errand/task'
import { type ContentKind, keyOfName, kindOfKey } from '../course-key.ts'
import { isRecord } from '../olx/policies.ts'
import { refFolder } from '../store/course-ref.ts'
import { REFS, refKey } from '../store/object-keys.ts'

/** @throws {TaskFailure} `course-kind-mismatch` when the key names a course and the archive holds a library, or the other way round */
export function refuseOtherKind(found: ContentKind, key: string): void {
  const wanted = kindOfKey(key)
  if (found === wanted) return
  throw new TaskFailure({
    code: 'course-kind-mismatch',
    title: `The archive holds a ${found}, not a ${wanted}`,
    detail: `It has ${found}.xml, but the key "${key}" names a ${wanted}.`,
    hint:
      found === 'library'
        ? 'Import it under a library key such as library-v1:Org+Library.'
        : 'Import it under a course key such as course-v1:Org+Course+Run.',
  })
}

/**
 * Two courses whose keys differ only by upper and lower case, or by the way accents are written, are one course to some
 * databases and file systems, and damage each other there.
 *
 * @throws {TaskFailure} `course-key-similar`, naming the key that exists
 */
export async function refuseSimilarKey(store: ObjectStore, course: string): Promise<void> {
  for await (const _ of store.list(refKey(course))) return
  const looked = new Set<string>()
  for await (const { key } of store.list(REFS)) {
    const folder = refFolder(key)
    if (looked.has(folder)) continue
    const other = keyOfName(folder.slice(REFS.length, -1)) ?? (await keyInRef(store, key))
    // The state of a ref that is gone by now has another beside it.
    if (other !== undefined) looked.add(folder)
    if (other === undefined || folded(other) !== folded(course)) continue
    throw new TaskFailure({
      code: 'course-key-similar',
      title: 'There is a course with almost the same key',
      detail: `"${other}" exists, which differs from "${course}" only by upper and lower case or the way accents are written.`,
      hint: 'Use the key of the course that exists, or a key that differs in more than that.',
    })
  }
}

function folded(key: string): string {
  return key.normalize('NFC').toLowerCase()
}

/** A long key is shortened in the object's name; in the object it is whole. Whether the rest of it can be read is not asked. */
async function keyInRef(store: ObjectStore, key: string): Promise<string | undefined> {
  const bytes = await store.get(key)
  try {
    const ref: unknown = bytes && JSON.parse(Buffer.from(bytes).toString('utf8'))
    return isRecord(ref) && typeof ref.course === 'string' ? ref.course : undefined
  } catch {
    return undefined
  }
}

/** The failure of a strict import that found errors. */
export function notClean(errors: number, first: string | null): TaskFailure {
  return new TaskFailure({
    code: 'course-not-clean',
    title: `The check found ${errors === 1 ? 'an error' : `${errors} errors`}, and the import is strict`,
    detail: first === null ? '' : `The first is in ${first}`,
    hint: 'Correct what the report lists and import again, or import without strict. The course is as it was.',
  })
}
