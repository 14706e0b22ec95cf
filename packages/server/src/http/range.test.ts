import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRange } from './range.ts'

test.each([
  [undefined, { kind: 'all' }],
  ['', { kind: 'all' }],
  ['bytes=-', { kind: 'all' }],
  ['bytes=0-3', { kind: 'part', range: { start: 0, end: 4 } }],
  ['Bytes= 0-3 ', { kind: 'part', range: { start: 0, end: 4 } }],
  ['bytes=4-', { kind: 'part', range: { start: 4, end: 10 } }],
  ['bytes=4-999', { kind: 'part', range: { start: 4, end: 10 } }],
  ['bytes=-3', { kind: 'part', range: { start: 7, end: 10 } }],
  ['bytes=-300', { kind: 'part', range: { start: 0, end: 10 } }],
  ['bytes=-0', { kind: 'unsatisfiable' }],
  ['bytes=10-', { kind: 'unsatisfiable' }],
  ['bytes=10-11', { kind: 'unsatisfiable' }],
  ['bytes=99999999999999999999-', { kind: 'unsatisfiable' }],
  ['bytes=5-2', { kind: 'all' }],
  ['bytes=0-1,3-4', { kind: 'all' }],
  ['items=0-3', { kind: 'all' }],
  ['bytes=a-3', { kind: 'all' }],
])('%s of ten bytes', (header, expected) => {
  expect(readRange(header, 10)).toEqual(expected)
})

test('an empty file has no part', () => {
  expect(readRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' })
  expect(readRange('bytes=-5', 0)).toEqual({ kind: 'unsatisfiable' })
})

test('a part is never empty and never outside the file, whatever the header says', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.nat()).map(([first, last]) => `bytes=${first}-${last}`),
    fc.nat().map((first) => `bytes=${first}-`),
    fc.nat().map((length) => `bytes=-${length}`),
  )
  fc.assert(
    fc.property(header, fc.nat(), (text, size) => {
      const asked = readRange(text, size)
      if (asked.kind !== 'part') return
      expect(asked.range.start).toBeGreaterThanOrEqual(0)
      expect(asked.range.start).toBeLessThan(asked.range.end)
      expect(asked.range.end).toBeLessThanOrEqual(size)
    }),
  )
})
