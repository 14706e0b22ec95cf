import { Problem } from '@errand/engine'
import type { Context } from 'hono'
import type { ServerEnv } from '../context.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Lets no page of another site act in a person's name. The browser sends a cookie by itself, whoever made it send the
 * request; but it also says where the request comes from, and lets no page lie about that. What says nothing is
 * refused as well: every browser that is kept up says it.
 *
 * @param trusted - origins of the platform's own pages, which may
 * @throws {Problem} `cross-site`
 */
export function refuseCrossSite(c: Context<ServerEnv>, trusted: readonly string[] = []): void {
  if (SAFE.has(c.req.method)) return
  if (trusted.includes(c.req.header('origin') ?? '')) return
  const site = c.req.header('sec-fetch-site')
  if (site === undefined ? isOwnOrigin(c) : site === 'same-origin') return
  throw new Problem({
    code: 'cross-site',
    status: 403,
    title: 'Another site cannot do this in your name',
    detail: `The request came from ${c.req.header('origin') ?? 'another site'}.`,
    hint: 'Do it here, or with a token.',
  })
}

function isOwnOrigin(c: Context<ServerEnv>): boolean {
  const origin = c.req.header('origin')
  const host = c.req.header('host') ?? new URL(c.req.url).host
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
}
