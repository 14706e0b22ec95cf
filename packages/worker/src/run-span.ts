import { type Claim, contextOf, traceparentOf } from '@errand/engine'
import type { Failure } from '@errand/task'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

const tracer = trace.getTracer('@errand/worker')

/** The run of a step or of a slice, as whoever watches by OpenTelemetry sees it. Without an SDK it does nothing. */
export class RunSpan {
  readonly #span: Span
  /** What follows from the run is to say that it does. */
  readonly traceparent: string | null

  constructor({ attempt, definition, fanOut, slice, step, taskId, traceparent, version }: Claim) {
    const what = slice === undefined ? step : `${step} slice`
    this.#span = tracer.startSpan(
      `run ${definition} ${what}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'errand.task.id': taskId,
          'errand.definition': definition,
          'errand.version': version,
          'errand.step': step,
          'errand.attempt': attempt,
          ...(fanOut === undefined ? {} : { 'errand.phase': fanOut.phase }),
          ...(slice === undefined ? {} : { 'errand.slice.id': slice }),
        },
      },
      contextOf(traceparent),
    )
    this.traceparent = traceparentOf(this.#span.spanContext()) ?? traceparent
  }

  failed({ code, reference, title }: Failure): void {
    this.#span.setAttributes({ 'error.type': code, 'errand.reference': reference })
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: title })
  }

  /** @param outcome - how the thread let go of it, or why it had to */
  end(outcome: string): void {
    this.#span.setAttribute('errand.outcome', outcome)
    this.#span.end()
  }
}
