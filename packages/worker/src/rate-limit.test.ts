import { expect, test } from 'vitest'
import { cut, RateLimit } from './rate-limit.ts'

test('a burst passes, then so many a second, and what is left out is counted', () => {
  let now = 0
  const limit = new RateLimit({ burst: 3, perSecond: 2 }, () => now)
  expect([1, 2, 3, 4, 5].map(() => limit.allow())).toEqual([true, true, true, false, false])
  expect(limit.takeLeftOut()).toBe(2)
  expect(limit.takeLeftOut()).toBe(0)
  now = 1_000
  expect([1, 2, 3].map(() => limit.allow())).toEqual([true, true, false])
})

test('a long text is cut and says so', () => {
  expect(cut('a long line', 6)).toBe('a lon…')
  expect(cut('short', 6)).toBe('short')
})
