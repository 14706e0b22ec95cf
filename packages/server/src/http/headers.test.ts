import { expect, test } from 'vitest'
import { noneMatch, strongTag } from './etag.ts'
import { preferredWait } from './wait.ts'

test.each([
  [undefined, undefined],
  ['wait=5', 5],
  ['wait=600', 10],
  ['respond-async, wait = 3', 3],
  ['wait="4"; foo', 4],
  ['wait=0', 0],
  ['wait=soon', undefined],
  ['await=3', undefined],
])('Prefer: %s', (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds)
})

test.each([
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['*', true],
  ['"b"', false],
  ['a', false],
])('If-None-Match: %s', (header, expected) => {
  expect(noneMatch(header, strongTag('a'))).toBe(expected)
})
