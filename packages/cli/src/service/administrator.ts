import { randomBytes } from 'node:crypto'
import { type Authenticate, tokenAuthenticator } from '@errand/server'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'

/** Whoever runs the server: may see and do everything. */
export const administrator = { id: 'admin', name: 'Administrator', staff: true } as const

/** Characters a token must have at least: 128 bits as base64url. */
const SHORTEST = 22

/**
 * The administrator's token: ERRAND_TOKEN where it is set, so that several servers can share one, else a new one for
 * this run.
 *
 * @throws {CliError} exit 78 for one that could be guessed
 */
export function administratorAccess(environment: NodeJS.ProcessEnv): { token: string; authenticate: Authenticate } {
  const given = environment.ERRAND_TOKEN
  if (given && given.length < SHORTEST) {
    throw new CliError(`ERRAND_TOKEN has ${given.length} characters, and an administrator's token needs ${SHORTEST}`, {
      hint: 'Make one with: openssl rand -base64 32 | tr -d "=+/".',
      exit: exitCode.configuration,
    })
  }
  const token = given || randomBytes(32).toString('base64url')
  return { token, authenticate: tokenAuthenticator([{ token, principal: administrator }]) }
}
