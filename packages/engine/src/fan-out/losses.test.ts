import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { afterLoss, type Care, inHand } from './losses.ts'

/** Workers lost until the item at `poison` is found; each attempt begins at the cursor, and goes on until it is there. */
function losses(poison: number, flushEvery: number): { found: number | undefined; count: number } {
  let care: Care = { care: 0, single_until: 0, suspect: null }
  let cursor = 0
  for (let count = 1; count < 50; count++) {
    // What is flushed before the worker is lost.
    while (cursor < poison) {
      const single = cursor < care.single_until
      if (single) care = inHand(care, cursor)
      const step = single ? 1 : care.care > 0 ? defaults.warySpan : flushEvery
      if (cursor + step > poison) break
      cursor += step
    }
    if (cursor === poison && cursor < care.single_until) care = inHand(care, cursor)
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
      expect(count).toBeLessThanOrEqual(2 + defaults.poisonLosses)
    }),
  )
})

test('no item is blamed for what happens while it is not in hand, nor before it is lost with so often in a row', () => {
  let care: Care = { care: 2, single_until: 64, suspect: null }
  const lose = (cursor: number) => {
    const next = afterLoss({ ...care, cursor })
    if (next !== 'poison') care = next
    return next === 'poison'
  }
  // Before it is tried, however often.
  for (let times = 0; times < 10; times++) expect(lose(7)).toBe(false)
  care = inHand(care, 7)
  for (let times = 1; times < defaults.poisonLosses; times++) expect(lose(7)).toBe(false)
  // It was done after all; the next one begins anew.
  care = inHand(care, 8)
  for (let times = 1; times < defaults.poisonLosses; times++) expect(lose(8)).toBe(false)
  expect(lose(8)).toBe(true)
})

test('a slice that gets on is never taken for poison, however often its worker is lost', () => {
  let care: Care = { care: 0, single_until: 0, suspect: null }
  for (let cursor = 0; cursor < 500; cursor++) {
    const next = afterLoss({ ...inHand(care, cursor), cursor })
    expect(next).not.toBe('poison')
    if (next !== 'poison') care = next
  }
})
