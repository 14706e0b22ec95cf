import { contextOf } from '@errand/engine'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { ServerEnv } from '../context.ts'

const tracer = trace.getTracer('@errand/server')
/** Asked every few seconds by whoever keeps watch. */
const UNTRACED = new Set(['/healthz', '/readyz', '/metrics'])

/**
 * A span for each request, which goes on with the trace of whoever asks (`traceparent`). Where no SDK is switched on, a
 * request costs one look-up more.
 */
export function tracing() {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const { method, path } = c.req
    if (UNTRACED.has(path)) return next()
    const parent = contextOf(c.req.header('traceparent'))
    const span = tracer.startSpan(
      method,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } },
      parent,
    )
    if (!span.isRecording()) return next()
    try {
      await context.with(trace.setSpan(parent, span), next)
    } finally {
      const route = routePath(c, -1)
      span.updateName(`${method} ${route}`)
      span.setAttributes({ 'http.route': route, 'url.path': path, 'http.response.status_code': c.res.status })
      if (c.res.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
  })
}
