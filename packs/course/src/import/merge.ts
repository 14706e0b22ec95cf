import { inFolderOrder } from '../archive/folder-order.ts'
import { nameCollisions } from '../archive/name-collisions.ts'
import { OverlayTree } from '../store/overlay-tree.ts'
import type { StoredTree } from '../store/stored-tree.ts'
import type { Notes } from './notes.ts'

/** The course as it would be with the files of the archive laid over those it has. */
export async function merged(archive: StoredTree, before: StoredTree, notes: Notes): Promise<OverlayTree> {
  const leftOut = filesInTheWay(archive, before, notes)
  const tree = new OverlayTree([archive, before], await mergedAssets(archive, before), leftOut)
  for (const { path, other, by } of nameCollisions(tree.paths)) {
    // Two of the archive's have been noted as it was unpacked, and two of the course's when they were imported.
    if (archive.has(path) === archive.has(other)) continue
    const message = `It differs from "${other}" only by ${by}; both are kept, but some computers cannot hold both.`
    notes.add('name-collision', path, message)
  }
  return tree
}

/** Files of the course whose name is a folder of the archive, or whose folder is a file of it: no file system holds both. */
function filesInTheWay(archive: StoredTree, before: StoredTree, notes: Notes): Set<string> {
  const found = new Set<string>()
  const leaveOut = (path: string, message: string): void => {
    if (found.has(path)) return
    found.add(path)
    notes.add('dropped', path, message)
  }
  const paths = inFolderOrder(new Set([...archive.paths, ...before.paths]))
  for (const [index, path] of paths.entries()) {
    for (let at = index + 1; paths[at]?.startsWith(`${path}/`); at++) {
      const inside = paths[at] ?? ''
      if (archive.has(path)) {
        const message = `The archive holds a file "${path}" where the course had a folder; what was in it is left out.`
        leaveOut(inside, message)
      } else if (archive.has(inside)) {
        leaveOut(path, 'The archive holds a folder of the same name; the file that the course had is left out.')
        break
      }
    }
  }
  return found
}

const ASSETS = 'policies/assets.json'

/** One file tells of all files under static/; merged, it tells of those that stay as well. */
async function mergedAssets(archive: StoredTree, before: StoredTree): Promise<Map<string, Uint8Array>> {
  if (!archive.has(ASSETS) || !before.has(ASSETS)) return new Map()
  const old = parseObject(await before.read(ASSETS))
  const added = parseObject(await archive.read(ASSETS))
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
