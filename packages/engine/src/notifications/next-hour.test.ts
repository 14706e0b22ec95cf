import { expect, test } from 'vitest'
import { nextHour } from './next-hour.ts'

test.each([
  ['2026-03-04T03:00:00Z', 7, null, '2026-03-04T07:00:00.000Z'],
  ['2026-03-04T07:00:00Z', 7, null, '2026-03-05T07:00:00.000Z'],
  ['2026-03-04T03:00:00Z', 7, 'Europe/Madrid', '2026-03-04T06:00:00.000Z'],
  ['2026-07-04T05:30:00Z', 7, 'Europe/Madrid', '2026-07-05T05:00:00.000Z'],
  ['2026-03-04T03:00:00Z', 7, 'Asia/Kolkata', '2026-03-05T01:30:00.000Z'],
  ['2026-03-04T23:00:00Z', 7, 'America/Bogota', '2026-03-05T12:00:00.000Z'],
  ['2026-03-04T03:00:00Z', 7, 'Middle/Earth', '2026-03-04T07:00:00.000Z'],
])('from %s, %i o’clock in %s is %s', (now, hour, zone, expected) => {
  expect(nextHour(new Date(now), hour, zone).toISOString()).toBe(expected)
})
