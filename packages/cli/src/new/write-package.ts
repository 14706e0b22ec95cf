import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError, usageError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'
import { reason } from '../folder/data-folder.ts'
import { type Manifest, manifestOf } from './manifest.ts'

/** What of the template's folder is not for the new package: its installation, its runs, and what npm wants of ours. */
const LEFT: ReadonlySet<string> = new Set(['node_modules', '.errand', 'coverage', 'LICENSE', 'package.json'])

/** The folder of the template that comes with the command. */
export function templateFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve('@errand/starter/package.json')))
}

/** The template's package.json. */
export async function templateManifest(template: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(template, 'package.json'), 'utf8')) as Manifest
}

/** A package that is to be written. */
export interface NewPackage {
  /** Absolute. It does not exist, or has nothing in it but perhaps `.git`. */
  folder: string
  name: string
  /** Absolute. */
  template: string
  /** Absolute, by package name, where Errand does not come from the registry. */
  tarballs?: Readonly<Record<string, string>> | undefined
}

/**
 * Writes the template as a package of its own. Either all of it is there afterwards, or nothing.
 *
 * @returns the names in the new folder
 * @throws {CliError} exit 64 when the folder is not empty, 73 when it cannot be written
 */
export async function writePackage({ folder, name, template, tarballs }: NewPackage): Promise<string[]> {
  const before = await entriesOf(folder)
  if (before.some((entry) => entry !== '.git')) {
    throw usageError(`${folder} is not empty`, 'Name a folder that is not there yet, or an empty one.')
  }
  const manifest = manifestOf(await templateManifest(template), name, folder, tarballs)
  // The topmost folder that was made for it, which goes with it should the rest fail.
  let made: string | undefined
  const { makeFolder } = await import('@errand/engine')
  try {
    made = await makeFolder(folder)
    for (const entry of await readdir(template)) {
      if (LEFT.has(entry)) continue
      // npm leaves files out of a tarball that are called .gitignore.
      await cp(join(template, entry), join(folder, entry === 'gitignore' ? '.gitignore' : entry), {
        recursive: true,
        errorOnExist: true,
        force: false,
        dereference: true,
      })
    }
    await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    await remove(made ?? folder, made !== undefined)
    throw new CliError(`${folder} cannot be written: ${reason(error)}`, {
      hint: 'Nothing of it is left. Choose a folder that this user may write.',
      exit: exitCode.cannotCreate,
      cause: error,
    })
  }
  return (await readdir(folder)).sort()
}

/** What is in the folder; nothing where there is none. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    const what = error instanceof Error && 'code' in error && error.code === 'ENOTDIR' ? 'is no folder' : reason(error)
    throw new CliError(`${folder} cannot be used: ${what}`, {
      hint: 'Name a folder that is not there yet, or an empty one.',
      exit: exitCode.cannotCreate,
      cause: error,
    })
  }
}

/** Takes away what was written: the folder itself, if it was made for it. */
async function remove(folder: string, whole: boolean): Promise<void> {
  if (whole) return rm(folder, { recursive: true, force: true })
  for (const entry of await readdir(folder).catch(() => [])) {
    if (entry !== '.git') await rm(join(folder, entry), { recursive: true, force: true })
  }
}
