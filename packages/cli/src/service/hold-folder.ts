import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { places, prepareDataFolder } from '../folder/data-folder.ts'
import { readLocalServer } from '../folder/local-file.ts'
import { takeLock } from '../folder/lock.ts'

/**
 * Makes the data folder this process's own. The embedded database takes one process alone, and there is one local.json.
 *
 * @returns how to give it back
 * @throws {CliError} when another server has it, naming that one
 */
export async function holdFolder(folder: string): Promise<() => void> {
  const release = await tryHoldFolder(folder)
  if (release !== undefined) return release
  const other = await readLocalServer(folder).catch(() => undefined)
  const who =
    other === undefined ? 'another errand server, which is just starting' : `process ${other.pid} at ${other.address}`
  throw new CliError(`the data folder ${folder} is in use by ${who}`, {
    hint: 'Use that server, stop it first, or choose another folder with --data DIR.',
  })
}

/** The same, `undefined` when another server has it. */
export async function tryHoldFolder(folder: string): Promise<(() => void) | undefined> {
  await prepareDataFolder(folder)
  return takeLock(join(folder, places.lock))
}
