import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { scheduleSchema } from '../openapi/schemas.ts'
import { bodyOf, problemOf, type RealServer, realServer } from '../testing/real-server.ts'

let server: RealServer
beforeAll(async () => {
  server = await realServer()
})
afterAll(() => server.stop())

const nightly = { name: 'nightly', definition: 'test.echo', input: { text: 'hello' }, cron: '30 2 * * *' }
const send = (method: string, path: string, json?: unknown, as: 'ada' | 'root' = 'root') =>
  server.request(`/api/v1/schedules${path}`, { method, as, ...(json === undefined ? {} : { json }) })
const list = async () =>
  (await bodyOf(await send('GET', ''), z.object({ schedules: z.array(scheduleSchema) }))).schedules

test('a schedule is made, listed, paused, resumed and removed', async () => {
  const response = await send('POST', '', { ...nightly, timeZone: 'Europe/Zurich', principal: 'reporter' })
  expect(response.status).toBe(201)
  const made = await bodyOf(response, scheduleSchema)
  expect(made).toMatchObject({
    ...nightly,
    timeZone: 'Europe/Zurich',
    principal: { id: 'service:reporter', name: 'reporter' },
    pausedAt: null,
    last: null,
    problem: null,
    createdBy: 'root',
  })
  expect(await list()).toEqual([made])
  const paused = await bodyOf(await send('POST', '/nightly/pause'), scheduleSchema)
  expect(paused).toMatchObject({ nextAt: null, pausedAt: expect.any(String) })
  expect(await bodyOf(await send('POST', '/nightly/resume'), scheduleSchema)).toEqual(made)
  expect((await send('DELETE', '/nightly')).status).toBe(204)
  expect(await list()).toEqual([])
})

test.each([
  [{ cron: '99 2 * * *' }, 422, 'schedule-invalid'],
  [{ cron: '@daily' }, 422, 'schedule-invalid'],
  [{ timeZone: 'Mars/Olympus' }, 422, 'schedule-invalid'],
  [{ input: { text: 7 } }, 422, 'input-invalid'],
  [{ definition: 'test.eco' }, 404, 'definition-unknown'],
  [{ every: 'day' }, 400, 'request-invalid'],
])('%j is refused with %i %s', async (more, status, code) => {
  expect(await problemOf(await send('POST', '', { ...nightly, ...more }))).toMatchObject({ status, code })
})

test('who is no administrator may do none of it', async () => {
  for (const [method, path, json] of [
    ['GET', ''],
    ['POST', '', nightly],
    ['DELETE', '/nightly'],
    ['POST', '/nightly/pause'],
    ['POST', '/nightly/resume'],
  ] as const) {
    expect(await problemOf(await send(method, path, json, 'ada'))).toMatchObject({ status: 403, code: 'forbidden' })
  }
  expect(await problemOf(await send('DELETE', '/nightly'))).toMatchObject({ status: 404, code: 'schedule-unknown' })
})
