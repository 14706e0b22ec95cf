import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { nextPace, type Pace, windowOf } from './slice-size.ts'

test('slices come to last some seconds, whatever an item takes', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 2_000, noNaN: true }), (itemMs) => {
      let pace: Pace = { slice_size: defaults.firstSlice, item_ms: null }
      for (let round = 0; round < 5; round++) {
        pace = nextPace(pace, { items: pace.slice_size, ms: pace.slice_size * itemMs })
      }
      expect(pace.slice_size * itemMs).toBeLessThanOrEqual(defaults.sliceMs + 1)
      const least = Math.min(defaults.longestSlice, Math.floor(defaults.sliceMs / itemMs)) - 1
      expect(pace.slice_size).toBeGreaterThanOrEqual(Math.max(1, least))
    }),
  )
})

test('items of no time at all make the longest slices, step by step', () => {
  let pace: Pace = { slice_size: 100, item_ms: null }
  const sizes = [1, 2, 3].map(() => {
    pace = nextPace(pace, { items: pace.slice_size, ms: 0 })
    return pace.slice_size
  })
  expect(sizes).toEqual([1_000, 5_000, 5_000])
})

test('an item slower than a slice should be is a slice of its own; a slice without items says nothing', () => {
  expect(nextPace({ slice_size: 100, item_ms: null }, { items: 1, ms: 60_000 }).slice_size).toBe(1)
  expect(nextPace({ slice_size: 7, item_ms: 5 }, { items: 0, ms: 9 })).toEqual({ slice_size: 7, item_ms: 5 })
})

test('few are in flight until it is known how long they are to be', () => {
  expect(windowOf({ slice_size: 100, item_ms: null, concurrency: 64 })).toBe(defaults.slicesToLearn)
  expect(windowOf({ slice_size: 1_000, item_ms: 0.01, concurrency: 64 })).toBe(defaults.slicesToLearn)
  expect(windowOf({ slice_size: 5_000, item_ms: 0.01, concurrency: 64 })).toBe(64)
  expect(windowOf({ slice_size: 30, item_ms: 100, concurrency: 64 })).toBe(64)
  expect(windowOf({ slice_size: 100, item_ms: null, concurrency: 1 })).toBe(1)
})
