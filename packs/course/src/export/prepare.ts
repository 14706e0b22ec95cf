import type { ObjectStore } from '@errand/task'
import { objectKey } from '../store/object-keys.ts'
import { Parallel } from '../store/parallel.ts'
import { WRITES_AT_ONCE } from '../store/placement.ts'
import type { StoredTree } from '../store/stored-tree.ts'

/** What can be written, and what cannot. */
export interface Prepared {
  files: number
  /** Files whose bytes the storage has lost, sorted: the rest is exported all the same. */
  missing: string[]
}

/**
 * Looks whether the storage still has every file before anything is written. One of which the storage will not even say
 * whether it is there counts as lost, as long as it answers otherwise.
 */
export async function prepare(
  store: ObjectStore,
  tree: StoredTree,
  progress: (done: number, total: number) => void,
): Promise<Prepared> {
  const missing: string[] = []
  const looks = new Parallel(WRITES_AT_ONCE)
  let done = 0
  for (const path of tree.paths) {
    const { offset, size, sha256 } = tree.place(path)
    if (offset === undefined) {
      await looks.add(async () => {
        const found = await store.stat(objectKey(sha256)).catch(async (error: unknown) => {
          if (await tree.answers()) return undefined
          throw error
        })
        if (found?.size !== size) missing.push(path)
      })
    }
    progress(++done, tree.paths.length)
  }
  await looks.drain()
  return { files: tree.paths.length, missing: missing.sort() }
}
