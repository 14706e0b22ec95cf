import { basename } from 'node:path'
import { usageError } from '../cli-error.ts'

/** Characters that npm allows in a name, after an optional scope; it neither begins with a dot nor an underscore. */
const NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/
/** npm's own limit, in characters. */
const LONGEST = 214
/** Names that npm refuses: they are places of its own. */
const TAKEN: ReadonlySet<string> = new Set(['node_modules', 'favicon.ico'])

/**
 * What a new package is called: as it was said, else as its folder.
 *
 * @throws {CliError} exit 64, when that is no name for a package
 * @example
 * ```ts
 * packageNameOf('/srv/reports', undefined) // 'reports'
 * ```
 */
export function packageNameOf(folder: string, named: string | undefined): string {
  const name = named ?? basename(folder)
  if (NAME.test(name) && name.length <= LONGEST && !TAKEN.has(name)) return name
  const rule = `Names have small letters, digits, - and ., such as reports or @school/reports; at most ${LONGEST} characters.`
  throw usageError(
    `${JSON.stringify(name)} is no name for a package`,
    named === undefined ? `${rule} Say another with --name.` : rule,
  )
}
