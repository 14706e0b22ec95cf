import { DatabaseSync } from 'node:sqlite'
import { CliError } from '../cli-error.ts'
import { reason } from './data-folder.ts'

/**
 * A lock that only one process on the machine can hold, and that the operating system takes back however the
 * process ends, also by `kill -9`: SQLite's own lock on an empty database file. A file with a process id in it
 * cannot promise that: ids are used again, and looking at a stale one and replacing it is a race.
 *
 * @returns how to give it up, or `undefined` when another process holds it
 */
export function takeLock(path: string): (() => void) | undefined {
  let database: DatabaseSync
  try {
    database = new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw new CliError(`the lock ${path} cannot be opened: ${reason(error)}`, { cause: error })
  }
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw new CliError(`the lock ${path} cannot be taken: ${reason(error)}`, {
      hint: 'Choose a data folder on a local disk with --data DIR.',
      cause: error,
    })
  }
  return () => {
    if (database.isOpen) database.close()
  }
}

/** SQLITE_BUSY is 5; the low byte of an extended code is the code. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
