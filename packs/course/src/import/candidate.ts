import type { ObjectStore } from '@errand/task'
import { OverlayTree } from '../store/overlay-tree.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'
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
  return { unpacked, tree: new OverlayTree([tree, before], await mergedAssets(tree, before)), before }
}

const ASSETS = 'policies/assets.json'

/** One file tells of all files under static/; merged, it tells of those that stay as well. */
async function mergedAssets(tree: StoredTree, before: StoredTree): Promise<Map<string, Uint8Array>> {
  if (!tree.has(ASSETS) || !before.has(ASSETS)) return new Map()
  const old = parseObject(await before.read(ASSETS))
  const added = parseObject(await tree.read(ASSETS))
  if (!old || !added) return new Map()
  return new Map([[ASSETS, Buffer.from(`${JSON.stringify({ ...old, ...added }, null, 4)}\n`)]])
}

function parseObject(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
