import { type Principal, Problem, type ScopeRole } from '@errand/engine'
import { parse } from 'hono/utils/cookie'
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import { JWKS_COOLDOWN, JWKS_KEPT, JWKS_TIMEOUT, JWT_LEEWAY } from '../config.ts'
import type { Authenticate } from '../context.ts'

/** The signatures that are taken. Nothing symmetric: a public key would then be enough to make a token. */
export const JWT_ALGORITHMS = ['RS256', 'RS512', 'ES256'] as const

/** How the platform's own tokens are checked and read. */
export interface JwtOptions {
  /** Where its public keys are, or the keys themselves. */
  jwks: string | JSONWebKeySet
  issuer: string
  audience: string
  /** Seconds by which the clocks may differ. Default 30. */
  leeway?: number
  /**
   * Cookies that have the token where there is no Authorization header: header and claims in one, the signature in the
   * other, as a platform's pages have it. Default: none.
   */
  cookies?: { payload: string; signature: string }
  /** Names of claims; a dot leads into one. */
  claims?: {
    /** Stable, and never given to another person. Default `sub`. */
    id?: string
    /** Default `name`, else the id. */
    name?: string
    /** Default `email`. */
    email?: string
    /** True for the staff of the platform. Default: none. */
    staff?: string
    /** A list of texts, `ROLE:SCOPE` each, or of objects with `role` and `scope`. Default: none. */
    roles?: string
  }
  /** What the platform calls its roles, and what they are here. Those that are not named give nothing. */
  roles?: Readonly<Record<string, ScopeRole['role']>>
}

/**
 * What is particular to Open edX: RS512, the person in `preferred_username`, global staff in `administrator`, and the
 * platform's roles of a course. Staff and admins of a course may import and export it, its editors may not.
 */
export const openEdx = {
  claims: { id: 'preferred_username', name: 'name', email: 'email', staff: 'administrator', roles: 'roles' },
  roles: { course_admin: 'staff', course_staff: 'staff', instructor: 'staff', staff: 'staff', course_editor: 'team' },
} as const satisfies Pick<JwtOptions, 'claims' | 'roles'>

/**
 * Knows people by a JSON Web Token of the platform, in `Authorization: Bearer …` or `JWT …`, and in cookies where that is asked
 * for. A key that is not known is looked for again, so that the platform may change its keys at any time.
 *
 * @example
 * ```ts
 * jwtAuthenticator({ jwks: 'https://lms.example.org/jwks.json', issuer: 'https://lms.example.org/oauth2', audience: 'errand', ...openEdx })
 * ```
 */
export function jwtAuthenticator(options: JwtOptions): Authenticate {
  const keys =
    typeof options.jwks === 'string'
      ? createRemoteJWKSet(new URL(options.jwks), {
          cacheMaxAge: JWKS_KEPT,
          cooldownDuration: JWKS_COOLDOWN,
          timeoutDuration: JWKS_TIMEOUT,
        })
      : createLocalJWKSet(options.jwks)
  return async (request) => {
    const token = tokenIn(request.headers, options.cookies)
    if (token === undefined) return null
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: [...JWT_ALGORITHMS],
        issuer: options.issuer,
        audience: options.audience,
        clockTolerance: options.leeway ?? JWT_LEEWAY,
        // Without an end it would hold for ever.
        requiredClaims: ['exp'],
      })
      return principalOf(payload, options)
    } catch (error) {
      throw refused(error)
    }
  }
}

function tokenIn(headers: Headers, cookies: JwtOptions['cookies']): string | undefined {
  const authorization = headers.get('authorization')
  if (authorization !== null || cookies === undefined) {
    return /^(?:Bearer|JWT) +([\w-]+\.[\w-]+\.[\w-]*) *$/i.exec(authorization ?? '')?.[1]
  }
  const found = parse(headers.get('cookie') ?? '')
  const [payload, signature] = [found[cookies.payload], found[cookies.signature]]
  if (payload === undefined || signature === undefined) return undefined
  const token = `${payload}.${signature}`
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token) ? token : undefined
}

function principalOf(payload: JWTPayload, { claims = {}, roles = {} }: JwtOptions): Principal | null {
  const id = textOf(claimOf(payload, claims.id ?? 'sub'))
  if (id === undefined) return null
  const email = textOf(claimOf(payload, claims.email ?? 'email'))
  return {
    id,
    name: textOf(claimOf(payload, claims.name ?? 'name')) ?? id,
    staff: claims.staff !== undefined && claimOf(payload, claims.staff) === true,
    roles: claims.roles === undefined ? [] : rolesOf(claimOf(payload, claims.roles), roles),
    ...(email === undefined ? {} : { email }),
  }
}

function claimOf(payload: JWTPayload, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? Reflect.get(value, key)
      : undefined
  }, payload)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : undefined
}

function rolesOf(claim: unknown, known: Readonly<Record<string, ScopeRole['role']>>): ScopeRole[] {
  if (!Array.isArray(claim)) return []
  return claim.flatMap((entry: unknown) => {
    const [role, scope] = partsOf(entry)
    const ours = role !== undefined && Object.hasOwn(known, role) ? known[role] : undefined
    return ours === undefined || scope === undefined ? [] : [{ scope, role: ours }]
  })
}

/** `course_staff:course-v1:Org+C+R` is a role in `course:course-v1:Org+C+R`; an object names its scope as we do. */
function partsOf(entry: unknown): [role: string | undefined, scope: string | undefined] {
  if (typeof entry === 'string') {
    const [, role, about] = /^([^:\s]+):(\S+)$/.exec(entry) ?? []
    if (about === undefined) return [role, undefined]
    return [role, /^(course|library)-v1:|^lib:/.test(about) ? `course:${about}` : about]
  }
  if (typeof entry !== 'object' || entry === null) return [undefined, undefined]
  return [textOf(Reflect.get(entry, 'role')), textOf(Reflect.get(entry, 'scope'))]
}

/** Says what is wrong with the token, so that whoever made it can mend it. */
function refused(error: unknown): unknown {
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
    return new Problem({
      code: 'identity-unreachable',
      status: 503,
      title: 'Who you are cannot be found out right now',
      detail: 'The keys of the platform cannot be read.',
      hint: 'Try again in a moment.',
      cause: error,
    })
  }
  return new Problem({
    code: 'unauthenticated',
    status: 401,
    title: 'The token is not valid',
    detail: `${error.message} (${error.code}).`,
    hint: 'Get a new one from the platform.',
    cause: error,
  })
}
