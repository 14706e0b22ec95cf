import {
  type Attributes,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'

/*
 * Spans by the OpenTelemetry API alone: whoever runs the process switches an SDK on, or does not, and then all of this
 * does nothing. What a task belongs to is kept with it as W3C trace context, so that it reaches whatever worker runs it.
 */

const tracer = trace.getTracer('@errand/engine')
/** Version 00: trace id, span id, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/**
 * The span's place in its trace, as a `traceparent` header says it; `null` where nobody watches.
 *
 * @example
 * ```ts
 * headers.traceparent = traceparentOf(span.spanContext())
 * ```
 */
export function traceparentOf(span: SpanContext | undefined): string | null {
  if (span === undefined || !isSpanContextValid(span)) return null
  return `00-${span.traceId}-${span.spanId}-${(span.traceFlags & 0xff).toString(16).padStart(2, '0')}`
}

/**
 * The context in which a span is begun that follows from `traceparent`, or one that follows from nothing.
 *
 * @example
 * ```ts
 * const span = tracer.startSpan('publish', {}, contextOf(request.headers.traceparent))
 * ```
 */
export function contextOf(traceparent: string | null | undefined): Context {
  const parent = parse(traceparent)
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
}

function parse(text: string | null | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags = '00'] = TRACEPARENT.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true }
  return isSpanContextValid(span) ? span : undefined
}

/** Hands in work within a span that what becomes of it follows from. `said`: what the caller says where no span is active. */
export async function asProducer<T>(
  name: string,
  said: string | undefined,
  action: (traceparent: string | null, add: (attributes: Attributes) => void) => Promise<T>,
): Promise<T> {
  const parent = trace.getActiveSpan() === undefined ? contextOf(said) : undefined
  const span = tracer.startSpan(name, { kind: SpanKind.PRODUCER }, parent)
  try {
    return await action(traceparentOf(span.spanContext()), (attributes) => span.setAttributes(attributes))
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
    throw error
  } finally {
    span.end()
  }
}
