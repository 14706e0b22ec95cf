import { afterEach, beforeAll, expect, test } from 'vitest'
import type { TaskSnapshot } from './index.ts'
import { createTestbed, type Testbed } from './testbed.ts'

/** A task that the old version has left half-way, finished by the new one. */

const pack = (version: number) => new URL(`../../worker/test/packs/upgrade-${version}.ts`, import.meta.url)
let bed: Testbed | undefined
let snapshot: TaskSnapshot

beforeAll(async () => {
  bed = await createTestbed({ pack: pack(1) })
  const task = await bed.start('order', { input: { course_id: 'tides', wait: true } })
  await task.logged('writing')
  // As it would be kept in a file.
  snapshot = JSON.parse(JSON.stringify(await bed.snapshot(task.id)))
  await task.cancel()
  await task.ended
  await expect(bed.snapshot(task.id)).rejects.toMatchObject({ code: 'task-not-in-flight' })
})
afterEach(async () => {
  await bed?.close()
  bed = undefined
})

test('a snapshot says where each step stood', () => {
  expect(snapshot).toMatchObject({
    format: 1,
    shape: { name: 'order', version: 1 },
    input: { course_id: 'tides', wait: true },
    steps: [
      { name: 'read', state: 'completed', result: { read: 'tides' } },
      { name: 'write', state: 'ready', attempt: 0, once: { charge: 'charged by v1' } },
    ],
  })
})

test('the new version finishes it', async () => {
  bed = await createTestbed({ pack: pack(2) })
  const run = (await bed.finish(snapshot)).assertCompleted()
  expect(run.task).toMatchObject({ version: 2, input: { course: 'tides' } })
  expect(run.logs).toContain('v2 wrote, checked tides read by v1, charged by v1')
  // What it cannot take over is an error that says so, not a test that never ends.
  const unfit = { ...snapshot, input: { course_id: 'unknown' } }
  await expect(bed.finish(unfit)).rejects.toThrow(/order v1 is waiting .*could not take it over: The course is gone/)
})

test('the same version finishes it as well; a pack without it says so', async () => {
  bed = await createTestbed({ pack: pack(1) })
  const run = (await bed.finish({ ...snapshot, input: { course_id: 'tides' } })).assertCompleted()
  expect(run.step('write').attempt).toBe(1)
  await bed.close()
  bed = await createTestbed({ pack: new URL('../test/greetings.ts', import.meta.url) })
  await expect(bed.finish(snapshot)).rejects.toThrow('Nothing here goes on with order v1')
})
