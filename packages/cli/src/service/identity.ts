import type { Engine } from '@errand/engine'
import { type Authenticate, firstOf, jwtAuthenticator, openEdx, personalTokens } from '@errand/server'
import type { Config } from '../config/schema.ts'
import { loadModule } from './load-module.ts'

/** How requests are known, in the order in which it is tried: the administrator, personal tokens, and the platform's ways. */
export async function identityOf(config: Config, engine: Engine, administrator: Authenticate): Promise<Authenticate> {
  const { authenticate, jwt } = config.identity ?? {}
  const ways = [administrator, personalTokens(engine)]
  if (authenticate !== undefined) ways.push(await loadModule<Authenticate>(authenticate, 'identity.authenticate'))
  if (jwt !== undefined) ways.push(jwtAuthenticator(jwtOptions(jwt)))
  return firstOf(...ways)
}

type JwtConfig = NonNullable<NonNullable<Config['identity']>['jwt']>

function jwtOptions({
  claims,
  cookies,
  leeway,
  preset,
  roles,
  ...where
}: JwtConfig): Parameters<typeof jwtAuthenticator>[0] {
  const known = preset === 'open-edx' ? openEdx : undefined
  return {
    ...where,
    ...(leeway === undefined ? {} : { leeway }),
    ...(cookies === undefined ? {} : { cookies }),
    claims: { ...known?.claims, ...withoutUndefined(claims ?? {}) },
    roles: { ...known?.roles, ...roles },
  }
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
}
