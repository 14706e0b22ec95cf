import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'

/** Tokens by the address of their server. */
const credentials = z.record(z.string(), z.string())

/** In the user's own configuration folder, never in a project's. */
function fileOf(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'errand', 'credentials.json')
}

/** The token that `errand login` kept for the server. */
export async function keptToken(server: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await read(fileOf(environment)))[server]
}

/** Keeps a token, or with `undefined` forgets it. Mode 600, written aside and renamed. @returns the file */
export async function keepToken(
  server: string,
  token: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const file = fileOf(environment)
  const { [server]: _before, ...others } = await read(file)
  const kept = token === undefined ? others : { ...others, [server]: token }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const aside = `${file}-${randomUUID()}`
  try {
    await writeFile(aside, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  return file
}

async function read(file: string): Promise<Record<string, string>> {
  try {
    return credentials.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // None yet, or not ours: nothing is known then, and the next login writes it anew.
    return {}
  }
}
