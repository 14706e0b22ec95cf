import type { ObjectInfo, ObjectStore } from '@errand/task'
import { FRESH_MS, isNew } from './age.ts'
import { readHeadBelow, refFolder } from './course-ref.ts'
import { OBJECTS, objectKey, REFS, WORK } from './object-keys.ts'
import { readStructure } from './structure.ts'

/**
 * Objects that no version names any more. Objects are shared by all versions of all courses, and nobody counts who uses
 * one; so all versions are read, and what none of them names is removed once it has lain for some days. An import that
 * finds an object it needs writes it again if it is older than {@link FRESH_MS}, so that what is needed is never old.
 */

/** Written before and after objects are removed. */
const SWEPT = 'sweep/last'

/** What a sweep would remove. */
export interface Unnamed {
  /** Of the store, with objects in use. */
  objects: number
  remove: ObjectInfo[]
}

/**
 * Looks for what was written `after` milliseconds ago or earlier and is named by no version, or was laid aside by an
 * import that is long gone.
 *
 * @throws {TaskFailure} `course-ref-damaged`, `course-version-damaged`: what a version that cannot be read names is unknown
 */
export async function findUnnamed(
  store: ObjectStore,
  after: number,
  progress: (done: number, total: number) => void,
): Promise<Unnamed> {
  const named = await namedObjects(store, after)
  const found: Unnamed = { objects: 0, remove: [] }
  const take = (info: ObjectInfo, unnamed: boolean): void => {
    found.objects++
    if (unnamed && !isNew(info, after)) found.remove.push(info)
  }
  // One two-letter folder at a time, as listing may hold all it lists in memory.
  for (let folder = 0; folder < 256; folder++) {
    const prefix = `${OBJECTS}${folder.toString(16).padStart(2, '0')}/`
    for await (const info of store.list(prefix)) take(info, !named.has(info.key))
    progress(folder + 1, 256)
  }
  for await (const info of store.list(WORK)) take(info, true)
  return found
}

/** The keys of all objects that versions name; those of versions dropped less than `after` milliseconds ago are still used. */
async function namedObjects(store: ObjectStore, after: number): Promise<Set<string>> {
  const folders = new Set<string>()
  for await (const { key } of store.list(REFS)) folders.add(refFolder(key))
  const named = new Set<string>()
  const structures = new Set<string>()
  const name = async (structure: string): Promise<void> => {
    if (structures.has(structure)) return
    const { files } = await readStructure(store, structure)
    structures.add(structure)
    named.add(objectKey(structure))
    for (const { bundled, sha256 } of files) if (!bundled) named.add(objectKey(sha256))
  }
  for (const folder of folders) {
    const head = await readHeadBelow(store, folder)
    if (!head) continue
    for (const { structure } of head.ref.versions) await name(structure)
    for (const { droppedAt, structure } of head.ref.dropped) {
      // It may be gone already, by a sweep that waited for less.
      if (Date.now() - Date.parse(droppedAt) < after) await name(structure).catch(() => {})
    }
  }
  return named
}

/**
 * Removes them, but for what was written again meanwhile.
 *
 * @returns what was removed
 */
export async function removeUnnamed(
  store: ObjectStore,
  remove: readonly ObjectInfo[],
  after: number,
  progress: (done: number, total: number) => void,
): Promise<{ objects: number; bytes: number }> {
  const removed = { objects: 0, bytes: 0 }
  await store.put(SWEPT, '')
  for (const [index, { key, size }] of remove.entries()) {
    const info = await store.stat(key)
    if (info && !isNew(info, after)) {
      await store.delete(key)
      removed.objects++
      removed.bytes += size
    }
    progress(index + 1, remove.length)
  }
  await store.put(SWEPT, '')
  return removed
}

/** Whether a sweep has removed anything since imports that still run may have begun. */
export async function sweptLately(store: ObjectStore): Promise<boolean> {
  const info = await store.stat(SWEPT)
  return info !== undefined && isNew(info, FRESH_MS)
}
