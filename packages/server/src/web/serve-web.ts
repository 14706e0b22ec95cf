import type { Context } from 'hono'
import type { ServerEnv } from '../context.ts'
import { noneMatch } from '../http/etag.ts'
import type { WebApp, WebFile } from './web-app.ts'

/**
 * What a page of the app may do: run and load what comes from here, and nothing else. Styles may stand in the page,
 * as the components of the app measure and place things by them.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const preload = (path: string) => `<${path}>; rel=preload; as=fetch; crossorigin`

/** What every page reads first: who is there. A browser asks for it while the scripts are on their way. */
const FIRST_READ = preload('/api/v1/me')

/** On the front page also the list, as the app asks for it: `PAGE_SIZE` in the web's config.ts. */
const FRONT_READS = `${FIRST_READ}, ${preload('/api/v1/tasks?limit=50')}`

/** Paths that are answered by something else, whatever they are asked for as. */
const OTHERS = /^\/(api|healthz|readyz|metrics)(\/|$)/

/**
 * The file or the page of the app that a request asks for, or `undefined` where it asks for none. Every page has the
 * same document, as the app itself reads its address.
 */
export function serveWeb(app: WebApp, c: Context<ServerEnv>): Response | undefined {
  const { method, path } = c.req
  if ((method !== 'GET' && method !== 'HEAD') || OTHERS.test(path)) return undefined
  const file = app.get(path)
  if (file !== undefined) return send(file, c)
  const page = app.get('/index.html')
  if (page === undefined || !c.req.header('accept')?.includes('text/html')) return undefined
  const narrowed = new URL(c.req.url).search !== ''
  c.header('Link', path === '/' && !narrowed ? FRONT_READS : FIRST_READ)
  return send(page, c)
}

function send(file: WebFile, c: Context<ServerEnv>): Response {
  c.header('ETag', file.etag)
  c.header('Vary', 'Accept-Encoding')
  c.header('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
  // Also with a 304: a browser takes its headers for those of the page it has kept (RFC 9111, 3.2).
  c.header('Content-Security-Policy', POLICY)
  if (noneMatch(c.req.header('if-none-match'), file.etag)) return c.body(null, 304)
  c.header('Content-Type', file.type)
  const accepted = c.req.header('accept-encoding') ?? ''
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined
  if (encoding === undefined) return c.body(file.plain)
  c.header('Content-Encoding', encoding)
  return c.body(file[encoding])
}
