import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { afterLoss, type Care } from './losses.ts'

/** Workers lost until the item at `poison` is found; each attempt begins at the cursor, and goes on until it is there. */
function losses(poison: number, flushEvery: number): { found: number | undefined; count: number } {
  let care: Care = { care: 0, single_until: 0, suspect: null }
  let cursor = 0
  for (let count = 1; count < 50; count++) {
    // What is flushed before the worker is lost.
    while (cursor < poison) {
      const single = care.care === 2 && cursor < care.single_until
      const step = single ? 1 : care.care > 0 ? defaults.warySpan : flushEvery
      if (cursor + step > poison) break
      cursor += step
    }
    const next = afterLoss({ ...care, cursor })
    if (next === 'poison') return { found: cursor, count }
    care = next
  }
  return { found: undefined, count: 50 }
}

test('wherever the poison is, it is found, it alone, and few workers are lost on the way', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_999 }), fc.integer({ min: 1, max: 5_000 }), (poison, flushEvery) => {
      const { count, found } = losses(poison, flushEvery)
      expect(found).toBe(poison)
      expect(count).toBeLessThanOrEqual(5)
    }),
  )
})

test('a slice that gets on is never taken for poison, however often its worker is lost', () => {
  let care: Care = { care: 0, single_until: 0, suspect: null }
  for (let cursor = 0; cursor < 500; cursor++) {
    const next = afterLoss({ ...care, cursor })
    expect(next).not.toBe('poison')
    if (next !== 'poison') care = next
  }
})
