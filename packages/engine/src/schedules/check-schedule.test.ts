import { expect, test } from 'vitest'
import { checkSchedule } from './check-schedule.ts'

const good = { name: 'nightly', definition: 'course.export', input: {}, cron: '30 2 * * 1-5' }

test('what is left out is UTC, and the scheduler', () => {
  expect(checkSchedule(good)).toEqual({ ...good, timeZone: 'UTC', principal: 'scheduler' })
})

test.each(['* * * * *', '*/15 0-6/2,12 1,15 JAN-mar mon', '0 0 29 2 *', '  5   4 * *  sun '])('takes %s', (cron) => {
  expect(checkSchedule({ ...good, cron }).cron).toBe(cron.trim().split(/\s+/).join(' '))
})

test.each([
  ['cron', '* * * *', 'has five fields'],
  ['cron', '0 * * * * *', 'has five fields'],
  ['cron', '@daily', 'has five fields'],
  ['cron', '', 'has five fields'],
  ['cron', 'H 2 * * *', 'takes numbers'],
  ['cron', '0 2 L * *', 'takes numbers'],
  ['cron', '0 2 * * 1#2', 'takes numbers'],
  ['cron', 'FREQ=DAILY * * * *', 'takes numbers'],
  ['cron', '1- 2 * * *', 'takes numbers'],
  ['timeZone', 'Europe/Zürich', 'is none of IANA'],
  ['timeZone', '+02:00', 'is none of IANA'],
  ['timeZone', '', 'is none of IANA'],
  ['name', 'Nightly export', 'is 1 to 64'],
  ['principal', 'service:x', 'is 1 to 64'],
])('refuses %s "%s", saying why', (field, value, why) => {
  const refused = expect.objectContaining({
    code: 'schedule-invalid',
    status: 422,
    detail: expect.stringContaining(`${field} ${why}`),
  })
  expect(() => checkSchedule({ ...good, [field]: value })).toThrow(refused)
})
