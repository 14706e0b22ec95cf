import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { usageError } from '../cli-error.ts'
import { reason } from '../folder/data-folder.ts'

/** As `npm pack` names ours: errand-cli-0.1.0.tgz is @errand/cli. */
const TARBALL = /^errand-([a-z-]+)-\d+\.\d+\.\d+.*\.tgz$/

/**
 * The tarballs of Errand's packages in a folder, by the names of the packages.
 *
 * @throws {CliError} exit 64, when the folder cannot be read, or lacks one of `needed`
 */
export async function tarballsIn(folder: string, needed: readonly string[]): Promise<Record<string, string>> {
  const files = await readdir(folder).catch((error: unknown) => {
    throw usageError(`the folder ${folder} cannot be read: ${reason(error)}`, 'Check the path given with --packages.')
  })
  const found: Record<string, string> = {}
  for (const file of files.sort()) {
    const [, name] = TARBALL.exec(file) ?? []
    if (name === undefined) continue
    const earlier = found[`@errand/${name}`]
    if (earlier !== undefined) {
      throw usageError(
        `${folder} has @errand/${name} twice`,
        `Keep one version of each package: ${earlier} or ${file}.`,
      )
    }
    found[`@errand/${name}`] = join(folder, file)
  }
  const missing = needed.filter((name) => found[name] === undefined)
  if (missing.length === 0) return found
  throw usageError(
    `${folder} has no tarball of ${missing.join(' and ')}`,
    'Name the folder that has all of them, such as errand-cli-0.1.0.tgz.',
  )
}
