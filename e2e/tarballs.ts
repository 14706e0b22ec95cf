import { createHash } from 'node:crypto'
import { glob, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { vi } from 'vitest'
import { takeLock } from '../packages/cli/src/folder/lock.ts'
import { packAll } from '../scripts/pack.ts'

/** Tarballs of all packages, for the tests that install them: packed once for each state of the sources. */

const root = resolve(import.meta.dirname, '..')
const place = join(root, 'node_modules/.cache/errand-tarballs')
/** Everything that goes into a tarball or decides what does. */
const SOURCES = ['{packages,packs}/**/*', 'scripts/pack.ts', 'tsconfig*.json', 'package-lock.json']
/** Milliseconds another test may take to pack them. */
const PACKING = 600_000

/** @returns the folder that has them; another state's are removed */
export async function tarballFolder(): Promise<string> {
  await mkdir(place, { recursive: true })
  const folder = join(place, await digest())
  // Whichever test comes first packs; a lock of the kernel's is free again when its holder is killed.
  const release = await vi.waitUntil(() => takeLock(join(place, 'lock')), { timeout: PACKING, interval: 500 })
  try {
    const there = (await readdir(place)).filter((name) => !name.startsWith('lock'))
    if (there.includes(basename(folder))) return folder
    for (const name of there) await rm(join(place, name), { recursive: true })
    const unfinished = `${folder}.unfinished`
    await packAll(unfinished)
    await rename(unfinished, folder)
    return folder
  } finally {
    release()
  }
}

async function digest(): Promise<string> {
  const paths: string[] = []
  const leave = ({ name }: { name: string }) => name === 'node_modules' || name === 'dist'
  for await (const entry of glob(SOURCES, { cwd: root, withFileTypes: true, exclude: leave })) {
    if (entry.isFile()) paths.push(join(entry.parentPath, entry.name))
  }
  const hash = createHash('sha256')
  for (const path of paths.sort()) hash.update(`${path}\0`).update(await readFile(path))
  return hash.digest('hex').slice(0, 16)
}
