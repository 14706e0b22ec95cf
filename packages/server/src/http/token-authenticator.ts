import { createHash, timingSafeEqual } from 'node:crypto'
import type { Principal } from '@errand/engine'
import type { Authenticate } from '../context.ts'

/** A secret and whom it stands for. */
export interface TokenEntry {
  token: string
  principal: Principal
}

/**
 * Knows people by a bearer token in the Authorization header, and nowhere else: an address ends up in logs and
 * histories. Every token is compared, in constant time, so that an answer's time tells nothing.
 *
 * @throws {TypeError} for an empty token
 * @example
 * ```ts
 * createServer({ engine, authenticate: tokenAuthenticator([{ token, principal: { id: 'admin', name: 'Admin', staff: true } }]) })
 * ```
 */
export function tokenAuthenticator(tokens: readonly TokenEntry[]): Authenticate {
  const known = tokens.map(({ token, principal }) => {
    if (token === '') throw new TypeError(`The token of ${principal.id} is empty`)
    return { digest: sha256(token), principal }
  })
  return (request) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
    if (token === undefined) return null
    const digest = sha256(token)
    let found: Principal | null = null
    for (const entry of known) if (timingSafeEqual(entry.digest, digest)) found = entry.principal
    return found
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
