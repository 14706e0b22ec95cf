import type { ObjectStore } from '@errand/task'
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
  /** The course as it is; `undefined` when it is new. */
  before: StoredTree | undefined
}

/** The course as it would be after the import. */
export async function openCandidate(
  store: ObjectStore,
  list: string,
  base: BaseVersion | null,
  mode: ImportMode,
): Promise<Candidate> {
  const { unpacked, tree } = await readUnpacked(store, list)
  const before = base ? StoredTree.of(store, await readStructure(store, base.structure)) : undefined
  if (mode === 'replace' || !before) return { unpacked, tree: new OverlayTree([tree]), before }
  const notes = new Notes(unpacked.notes, unpacked.noteCounts)
  const overlay = await merged(tree, before, notes)
  return { unpacked: { ...unpacked, notes: [...notes.kept], noteCounts: notes.counts }, tree: overlay, before }
}
