import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'
import { places, reason } from './data-folder.ts'

/** How other commands on this machine reach the server of a data folder. */
const localServer = z.object({
  /** `http://127.0.0.1:4400` */
  address: z.url(),
  /** An administrator's token, of this run alone. */
  token: z.string().min(1),
  /** The server's process. */
  pid: z.int(),
})

export type LocalServer = z.infer<typeof localServer>

/** The file as it is now, or `undefined` when no server of this folder runs. @throws {CliError} when it cannot be read */
export async function readLocalServer(folder: string): Promise<LocalServer | undefined> {
  const path = join(folder, places.local)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined
    throw new CliError(`${path} cannot be read: ${reason(error)}`, {
      hint: 'Use the account that started errand serve, or ERRAND_SERVER and ERRAND_TOKEN.',
      cause: error,
    })
  }
  const parsed = localServer.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new CliError(`${path} is not a file that errand wrote`, { hint: 'Remove it and start errand serve again.' })
}

/** Written aside and renamed, so that a reader sees all of it or nothing. Mode 600: the token in it may do everything. */
export async function writeLocalServer(folder: string, server: LocalServer): Promise<void> {
  const aside = join(folder, `.${places.local}-${randomUUID()}`)
  try {
    await writeFile(aside, `${JSON.stringify(server, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(aside, join(folder, places.local))
  } catch (error) {
    await rm(aside, { force: true })
    throw new CliError(`${join(folder, places.local)} cannot be written: ${reason(error)}`, { cause: error })
  }
}

/** Removes the file, if it is still this process's. */
export async function removeLocalServer(folder: string, pid: number): Promise<void> {
  const found = await readLocalServer(folder).catch(() => undefined)
  if (found?.pid === pid) await rm(join(folder, places.local), { force: true })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
