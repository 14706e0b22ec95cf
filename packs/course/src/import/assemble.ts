import { hash } from 'node:crypto'
import { type ObjectStore, TaskFailure } from '@errand/task'
import { FRESH_MS, isNew } from '../store/age.ts'
import { objectKey } from '../store/object-keys.ts'
import { putObject, streamObject } from '../store/object-writer.ts'
import type { OverlayTree } from '../store/overlay-tree.ts'
import { Parallel } from '../store/parallel.ts'
import { isBundled, WRITES_AT_ONCE } from '../store/placement.ts'
import { encodeHead, readStructure, type StoredFile } from '../store/structure.ts'
import { sweptLately } from '../store/sweep.ts'

/** A version in the store that no ref names yet. */
export interface Assembled {
  /** SHA-256 of the structure object. */
  structure: string
  files: number
  /** In bytes. */
  bytes: number
}

/**
 * Writes the structure object of a version made of these files. The same files make the same object, whatever
 * archive they came in.
 *
 * @param temporary - a key of this task's own
 */
export async function assemble(
  store: ObjectStore,
  tree: OverlayTree,
  temporary: string,
  progress: (done: number, total: number) => void = () => {},
): Promise<Assembled> {
  const files: StoredFile[] = []
  const writes = new Parallel(WRITES_AT_ONCE)
  let bytes = 0
  for (const path of tree.paths) {
    const { size, sha256, stored } = tree.file(path)
    const bundled = isBundled(path, size)
    // What decides is the path inside the course, which was not known yet when the archive was unpacked.
    if (!bundled && !stored) await writes.add(async () => putObject(store, sha256, await tree.read(path)))
    files.push({ path, size, sha256, bundled })
    bytes += size
  }
  await writes.drain()
  if (await sweptLately(store)) await refuseSwept(store, files)
  const { sha256 } = await streamObject(store, temporary, body(files, tree, progress))
  return { structure: sha256, files: files.length, bytes }
}

/**
 * A file that is there when it is looked for can be removed before it is written again, if a sweep comes to it at that very
 * moment. That moment is over by now.
 */
async function refuseSwept(store: ObjectStore, files: readonly StoredFile[]): Promise<void> {
  const looks = new Parallel(WRITES_AT_ONCE)
  for (const { bundled, path, sha256, size } of files) {
    if (bundled) continue
    await looks.add(async () => {
      if ((await store.stat(objectKey(sha256)))?.size === size) return
      throw swept(path)
    })
  }
  await looks.drain()
}

/**
 * The same before the switch, which a task may come to days later, as where it waited for a worker: a sweep may have
 * removed by then what no version names yet. One look tells, unless the version is old enough for that.
 *
 * @throws {TaskFailure} `course-file-swept`
 */
export async function refuseSweptVersion(store: ObjectStore, structure: string): Promise<void> {
  const info = await store.stat(objectKey(structure))
  if (!info) throw swept('The list of its files')
  if (!isNew(info, FRESH_MS)) await refuseSwept(store, (await readStructure(store, structure)).files)
}

function swept(what: string): TaskFailure {
  return new TaskFailure({
    code: 'course-file-swept',
    title: 'A clean-up of the course store got in the way',
    detail: `${what} was removed from the store while it was being imported.`,
    hint: 'Import the course again; it is as it was.',
  })
}

async function* body(
  files: readonly StoredFile[],
  tree: OverlayTree,
  progress: (done: number, total: number) => void,
): AsyncGenerator<Uint8Array> {
  yield encodeHead(files)
  let done = 0
  for (const { path, sha256, bundled } of files) {
    progress(++done, files.length)
    if (!bundled) continue
    const content = await tree.read(path)
    if (hash('sha256', content, 'hex') !== sha256) {
      throw new Error(`${path} is not in the store as it was unpacked.`)
    }
    yield content
  }
}
