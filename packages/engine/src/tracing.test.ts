import { trace } from '@opentelemetry/api'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { contextOf, traceparentOf } from './tracing.ts'

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })

test('what a context was made of is what it says, without the flags that are nobody’s yet', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (traceId, spanId, flags) => {
      fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(spanId))
      const given = `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
      const said = traceparentOf(trace.getSpanContext(contextOf(given)))
      expect(said).toBe(`00-${traceId}-${spanId}-0${flags & 1}`)
    }),
  )
})

test.each([
  ['', 'hello', `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`, `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`],
  [`00-${'A'.repeat(32)}-${'1'.repeat(16)}-01`, `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, undefined, null],
])('%j, %j, %j and %j are none', (...texts) => {
  for (const text of texts) {
    expect(trace.getSpanContext(contextOf(text))).toBeUndefined()
  }
})
