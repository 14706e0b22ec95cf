import type { Session } from '@errand/engine'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { ServerEnv } from '../context.ts'

const COOKIE = 'errand_session'

/** The session's secret, as the browser sent it. */
export function sessionSecret(c: Context<ServerEnv>): string | undefined {
  return getCookie(c, COOKIE)
}

/** No script can read it, no other site's form sends it, and it goes with the session. */
export function setSessionCookie(c: Context<ServerEnv>, session: Session): void {
  setCookie(c, COOKIE, session.secret, { ...attributes(c), expires: session.expiresAt })
}

export function clearSessionCookie(c: Context<ServerEnv>): void {
  deleteCookie(c, COOKIE, attributes(c))
}

function attributes(c: Context<ServerEnv>) {
  // A proxy that ends TLS says so; to believe a liar would only keep his own cookie from being sent.
  const secure = new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https'
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure } as const
}
