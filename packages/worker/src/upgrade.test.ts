import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Bed, who } from '../test/bed.ts'

/** A newer version takes over what the older one has left. */

const pack = (version: number) => ({
  packs: [{ use: fileURLToPath(new URL(`../test/packs/upgrade-${version}.ts`, import.meta.url)) }],
})

let bed: Bed
beforeEach(async () => {
  bed = await Bed.open()
})
afterEach(() => bed[Symbol.asyncDispose]())

test('a task is taken over between two steps: what is done stays, what is new is run', async () => {
  const old = await bed.worker(pack(1))
  const started = await bed.start('order', { course_id: 'tides', wait: true })
  await started.logged('writing')
  // Handed back as the worker stops: it is between two steps then.
  await old.stop({ graceMs: 0 })
  await bed.worker(pack(2))
  const { logs, task, transitions } = await started.ended
  expect(task).toMatchObject({ state: 'completed', version: 2, input: { course: 'tides', wait: true } })
  expect(task.steps.map(({ name, state }) => [name, state])).toEqual([
    ['read', 'completed'],
    ['check', 'completed'],
    ['write', 'completed'],
  ])
  expect(logs).toContain('v2 wrote, checked tides read by v1, charged by v1')
  const lines = transitions.map(({ step, from, to, reason }) => [step, from, to, reason])
  expect(lines).toContainEqual([null, 'running', 'running', 'taken over by v2, as no worker serves v1'])
  expect(lines).toContainEqual(['write', 'ready', 'pending', 'v2 has a step before it'])
  // Nothing ran twice.
  expect(lines.filter(([step, , to]) => step === 'read' && to === 'running')).toHaveLength(1)
})

test('while a worker serves the older version, its tasks stay with it', async () => {
  await bed.worker(pack(1))
  await bed.worker(pack(2))
  const { task } = await bed.run('order', { course_id: 'tides' })
  expect(task).toMatchObject({ state: 'completed', version: 1 })
})

test('what migrate refuses, or what ends its thread, waits for its own version and says why', async () => {
  const old = await bed.worker(pack(1))
  await old.stop()
  const refused = await bed.start('order', { course_id: 'unknown' })
  const crashed = await bed.start('order', { course_id: 'crash' })
  const misfit = await bed.start('order', { course_id: 'tides' })
  const next = await bed.worker(pack(2))
  expect((await misfit.ended).task.version).toBe(2)
  await bed.waits(refused.id, 'waiting for a worker that has order v1 (v2 could not take it over: The course is gone)')
  await bed.waits(crashed.id, /waiting for a worker that has order v1 \(v2 could not take it over: /)
  await next.stop()
  await bed.worker(pack(1))
  expect((await refused.ended).task).toMatchObject({ state: 'completed', version: 1 })
  expect((await crashed.ended).task).toMatchObject({ state: 'completed', version: 1 })
})

test('a task that is canceled while nobody serves it ends at once, and is not taken over', async () => {
  await (await bed.worker(pack(1))).stop()
  const started = await bed.start('order', { course_id: 'tides' })
  await bed.engine.cancel(started.id, who)
  await bed.worker(pack(2))
  expect((await started.ended).task).toMatchObject({ state: 'canceled', version: 1 })
})
