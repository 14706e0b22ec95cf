import type { Definition, Status, Worker } from '@errand/client'
import { expect, test } from 'vitest'
import { diagnose } from './doctor.ts'

const well: Status = {
  database: 'postgres',
  now: '2026-01-01T00:00:00.000Z',
  clockSkewSeconds: 0.1,
  migrations: ['001-initial'],
  queues: [],
  stuck: [],
  unpurged: 0,
  refusedSchedules: [],
}
const worker = { live: true } as Worker
const queue = {
  definition: 'report',
  version: 2,
  workers: 1,
  open: 3,
  pending: 3,
  ready: 3,
  running: 0,
  retrying: 0,
  oldestReadySeconds: 1,
}

test('a service that is well has nothing to tell', () => {
  expect(diagnose(well, [worker], []).filter(({ ok }) => !ok)).toEqual([])
})

test.each<[string, Partial<Status>, string]>([
  ['a clock that is wrong', { clockSkewSeconds: 3_600 }, "the server's clock is 3600 s ahead of the database's"],
  ['a version that nobody serves', { queues: [{ ...queue, workers: 0 }] }, 'nobody serves report v2; 3 tasks wait'],
  [
    'a queue that is late',
    { queues: [{ ...queue, oldestReadySeconds: 90 }] },
    'report v2: 3 steps ready, the oldest for 90 s',
  ],
  [
    'a step that is stuck',
    { stuck: [{ taskId: 'T', step: 'grade', definition: 'report', version: 2, why: 'no-heartbeat', seconds: 61 }] },
    'step grade of the task T has not moved for 61 s: its worker is silent',
  ],
  [
    'a schedule that is refused',
    { refusedSchedules: [{ name: 'nightly', code: 'limit-reached', title: 'The limit is reached' }] },
    'nightly started nothing when it was last due: The limit is reached (limit-reached)',
  ],
  ['files that stay', { unpurged: 1 }, '1 file could not be removed from the storage yet'],
])('%s is named, with what to do', (_what, status, detail) => {
  const [found, ...more] = diagnose({ ...well, ...status }, [worker], []).filter(({ ok }) => !ok)
  expect(more).toEqual([])
  expect(found?.detail).toBe(detail)
  expect(found?.hint).toMatch(/\.$/)
})

test('a promoted version without workers is named before anybody waits for it', () => {
  const definition = { name: 'report', version: 1, promoted: true, workers: 0 } as Definition
  expect(diagnose(well, [], [definition])).toContainEqual(
    expect.objectContaining({ check: 'Workers', ok: false, detail: 'nobody serves report v1, which new tasks get' }),
  )
})
