import { resolve } from 'node:path'
import { createClient, type ErrandClient } from '@errand/client'
import { CliError } from './cli-error.ts'
import { defaults } from './config/defaults.ts'
import { exitCode } from './exit-codes.ts'
import { keptToken } from './folder/credentials.ts'
import { readLocalServer } from './folder/local-file.ts'
import type { RemoteOptions } from './options.ts'

/** How a command reaches its server. */
export interface Connection {
  readonly client: ErrandClient
  /** The flags that lead the next command to the same server: ` --data DIR`, ` --server URL` or nothing. */
  readonly flags: string
  /** Asks again where the server is. @throws {CliError} when there is none */
  refresh(): Promise<void>
}

interface Target {
  server: string
  token: string
}

/**
 * Finds the server: `--server`, or the one that runs on the folder of `--data`, or ERRAND_SERVER, or the one of
 * the default folder.
 *
 * @throws {CliError} exit 69 when none is named and none runs here
 */
export async function connect(
  options: RemoteOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Connection> {
  let target = await findTarget(options, environment)
  let client = clientOf(target)
  return {
    get client() {
      return client
    },
    flags: flagsOf(options),
    async refresh() {
      target = await findTarget(options, environment)
      client = clientOf(target)
    },
  }
}

function flagsOf({ server, data }: RemoteOptions): string {
  if (server !== undefined) return ` --server ${server}`
  return data === undefined ? '' : ` --data ${data}`
}

function clientOf({ server, token }: Target): ErrandClient {
  return createClient({ server, token, as: 'cli' })
}

async function findTarget(options: RemoteOptions, environment: NodeJS.ProcessEnv): Promise<Target> {
  const folder = resolve(options.data ?? (environment.ERRAND_DATA || defaults.data))
  const named = options.server ?? (options.data === undefined ? environment.ERRAND_SERVER || undefined : undefined)
  if (named === undefined) return localTarget(folder)
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)) {
    throw new CliError(`the server ${named} is not an http or https address`, {
      hint: 'For example: https://errand.example.org.',
      exit: exitCode.usage,
    })
  }
  const server = named.replace(/\/+$/, '')
  const token = environment.ERRAND_TOKEN || (await ownToken(folder, server)) || (await keptToken(server, environment))
  if (token !== undefined) return { server, token }
  throw new CliError(`there is no token for ${server}`, {
    hint: 'Sign in with errand login, or set ERRAND_TOKEN.',
    exit: exitCode.notPermitted,
  })
}

/** The token of the folder's server, if that is the server which was named. */
async function ownToken(folder: string, server: string): Promise<string | undefined> {
  const local = await readLocalServer(folder).catch(() => undefined)
  return local?.address === server ? local.token : undefined
}

async function localTarget(folder: string): Promise<Target> {
  const local = await readLocalServer(folder)
  if (local !== undefined) {
    if (isAlive(local.pid)) return { server: local.address, token: local.token }
    throw new CliError(`the server of ${folder} is gone: process ${local.pid} ended without a goodbye`, {
      hint: 'Start it again with errand serve; its tasks go on where they were.',
      exit: exitCode.unavailable,
    })
  }
  throw new CliError(`no server runs on the data folder ${folder}`, {
    hint: 'Start one with errand serve, name the folder with --data DIR, or a server with --server or ERRAND_SERVER.',
    exit: exitCode.unavailable,
  })
}

/** Another user's process is alive too: only ESRCH says that there is none. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
