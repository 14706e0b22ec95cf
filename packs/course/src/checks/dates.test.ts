import { expect, test } from 'vitest'
import { isPeriod, readDate } from './dates.ts'

test.each([
  ['2026-02-20T17:00:00Z', '2026-02-20T17:00:00.000Z'],
  ['2026-02-20T17:00:00.123456+02:00', '2026-02-20T15:00:00.000Z'],
  ['2026-02-20T17:00', '2026-02-20T17:00:00.000Z'],
  ['2026-02-20 17:00', '2026-02-20T17:00:00.000Z'],
  ['2026-02-20', '2026-02-20T00:00:00.000Z'],
  ['"2026-02-20T17:00:00+00:00"', '2026-02-20T17:00:00.000Z'],
  ['Feb 20, 2026, 17:00', '2026-02-20T17:00:00.000Z'],
  ['February 20 2026 5:30 pm', '2026-02-20T17:30:00.000Z'],
  ['20 Feb 2026', '2026-02-20T00:00:00.000Z'],
  ['Sept 1, 2026', '2026-09-01T00:00:00.000Z'],
  ['2/20/2026', '2026-02-20T00:00:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
])('%s is a date', (text, iso) => {
  expect(new Date(readDate(text) ?? Number.NaN).toISOString()).toBe(iso)
})

test.each([
  '',
  'soon',
  'Feb 20, 2026, 17:00zzz',
  'Feb 30, 2026',
  '2026-02-29',
  '2026-13-01',
  '25:00',
  'Febtober 1, 2026',
  'TBD',
  null,
  {},
  [],
])('%j is no date', (value) => {
  expect(readDate(value)).toBeUndefined()
})

test.each(['1 day 5 hours 59 minutes 59 seconds', '2 days', '5 hours', '10 minutes 1 second', '', '48:00:00'])(
  '%j is a period',
  (text) => {
    expect(isPeriod(text)).toBe(true)
  },
)

test.each(['10 years 59 seconds', 'a day', '5', '1 day and 2 hours', 7])('%j is no period', (value) => {
  expect(isPeriod(value)).toBe(false)
})
