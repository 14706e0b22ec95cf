import { type Engine, TOKEN_PREFIX } from '@errand/engine'
import type { Authenticate } from '../context.ts'

/**
 * Knows people by what the first of several ways says of them.
 *
 * @example
 * ```ts
 * firstOf(tokenAuthenticator([admin]), personalTokens(engine), await jwtAuthenticator(platform))
 * ```
 */
export function firstOf(...ways: readonly Authenticate[]): Authenticate {
  return async (request) => {
    for (const way of ways) {
      const principal = await way(request)
      if (principal) return principal
    }
    return null
  }
}

/** Knows people by their personal access tokens. */
export function personalTokens(engine: Engine): Authenticate {
  return async (request) => {
    const [, token] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
    if (token === undefined || !token.startsWith(TOKEN_PREFIX)) return null
    return (await engine.people.tokens.find(token)) ?? null
  }
}
