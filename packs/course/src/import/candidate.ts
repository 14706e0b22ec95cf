import { isTaskFailure, type ObjectStore } from '@errand/task'
import { OverlayTree } from '../store/overlay-tree.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'
import { merged } from './merge.ts'
import { Notes } from './notes.ts'
import { readUnpacked, type Unpacked } from './unpacked.ts'

/** `replace`: the course is what the archive holds. `merge`: files the archive does not hold stay. */
export type ImportMode = 'replace' | 'merge'

/** The version an import starts from. */
export interface BaseVersion {
  version: number
  /** SHA-256 of its structure object. */
  structure: string
}

/** What the course would be, and what it is. */
export interface Candidate {
  unpacked: Unpacked
  tree: OverlayTree
  /** The course as it is; `undefined` when it is new, or to be replaced and damaged. */
  before: StoredTree | undefined
}

/**
 * The course as it would be after the import.
 *
 * @throws {TaskFailure} `course-version-damaged` when a course to be merged with cannot be read
 */
export async function openCandidate(
  store: ObjectStore,
  list: string,
  base: BaseVersion | null,
  mode: ImportMode,
): Promise<Candidate> {
  const { unpacked, tree } = await readUnpacked(store, list)
  const open = async ({ structure }: BaseVersion) => StoredTree.of(store, await readStructure(store, structure))
  if (mode === 'replace' || !base) {
    const before = base ? await unlessDamaged(() => open(base)) : undefined
    return { unpacked, tree: new OverlayTree([tree]), before }
  }
  const before = await open(base)
  const notes = new Notes(unpacked.notes, unpacked.noteCounts)
  const overlay = await merged(tree, before, notes)
  const noted = { ...unpacked, notes: [...notes.kept], noteCounts: notes.counts }
  return { unpacked: noted, tree: overlay, before }
}

/**
 * What is read of the course as it is, or `undefined` where the storage has lost it: to import the course again is the way
 * to mend it, so it must not be in the way of that.
 */
export async function unlessDamaged<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isTaskFailure(error) && (error.code === 'course-version-damaged' || error.code === 'course-file-lost')) {
      return undefined
    }
    throw error
  }
}
