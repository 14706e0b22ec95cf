import { Problem } from '@errand/engine'
import { createMiddleware } from 'hono/factory'
import type { ServerEnv } from '../context.ts'
import { limited } from './limited.ts'

/**
 * Refuses a body over the limit: before it is read where its length is announced, else as soon as it has come that
 * far. Hono's own `bodyLimit` makes a new global `Request` out of the adapter's own, which works only while the
 * adapter replaces the globals of the whole process.
 */
export function jsonLimit(limit: number) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const announced = c.req.header('content-length')
    if (announced !== undefined && c.req.header('transfer-encoding') === undefined) {
      if (Number(announced) > limit) throw tooLarge(limit)
      return next()
    }
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const { body, headers, method, signal, url } = c.req.raw
    const chunks: Uint8Array[] = []
    for await (const chunk of limited(body ?? [], limit, () => tooLarge(limit))) chunks.push(chunk)
    c.req.raw = new Request(url, { method, headers: [...headers], body: Buffer.concat(chunks), signal })
    return next()
  })
}

function tooLarge(limit: number): Problem {
  return new Problem({
    code: 'request-too-large',
    status: 413,
    title: 'The request is too large',
    detail: `JSON may be at most ${limit} bytes.`,
    hint: 'Hand in large data as an upload.',
    extensions: { limit },
  })
}
