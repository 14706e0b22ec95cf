import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'

/** The places in the data folder, relative to it. */
export const places = {
  database: 'database',
  storage: 'storage',
  lock: 'serve.lock',
  local: 'local.json',
} as const

/**
 * Makes the data folder where it is not there, and proves that it can be written.
 *
 * @throws {CliError} exit 73, naming the folder and what the system said
 */
export async function prepareDataFolder(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomUUID()}`)
  // Only what serves has a data folder: commands that ask a server are spared the engine.
  const { makeFolder } = await import('@errand/engine')
  try {
    // 0700: outputs of every user lie in it.
    await makeFolder(folder, 0o700)
    await writeFile(probe, '', { flag: 'wx' })
    await rm(probe)
  } catch (error) {
    throw new CliError(`the data folder ${folder} cannot be written: ${reason(error)}`, {
      hint: 'Make it writable for this user, or choose another with --data DIR.',
      exit: exitCode.cannotCreate,
      cause: error,
    })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'there is a file of that name',
}

/** What the system said, in words. */
export function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}
