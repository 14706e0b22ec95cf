import { randomUUID } from 'node:crypto'
import { defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { migrations } from '../database/migrations/index.ts'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from '../test-support/databases.ts'

const queued = defineTask({
  name: 'queued',
  version: 1,
  title: 'In line',
  input: z.object({ course: z.string() }),
  unique: { key: ({ course }) => course, conflict: 'wait' },
}).step('only', {}, () => 1)

onBothDatabases((kind) => {
  let bed: TestEngine
  const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }
  beforeAll(async () => {
    bed = await openTestEngine(kind)
    await bed.engine.work.register(worker, [queued.shape])
  })
  afterAll(() => bed.close())

  test('those that wait for a key begin one after the other, in the order in which they came', async () => {
    const submit = async (who = ada) =>
      (await bed.engine.submit({ definition: 'queued', input: { course: 'C' } }, who)).task
    const [first, second, third] = [await submit(), await submit(bob), await submit()]
    expect(second).toMatchObject({ state: 'pending', waiting: 'another task of this kind is running (C)' })
    await expect(
      bed.engine.submit({ definition: 'queued', input: { course: 'C' }, conflict: 'refuse' }, ada),
    ).rejects.toMatchObject({ code: 'task-running', extensions: { task: first.id } })

    const [claim, ...none] = await bed.engine.work.claim(worker.id, 10)
    expect(claim?.taskId).toBe(first.id)
    expect(none).toEqual([])
    if (claim) await bed.engine.work.complete(claim, null)
    const [next] = await bed.engine.work.claim(worker.id, 10)
    expect(next?.taskId).toBe(second.id)
    await bed.engine.cancel(second.id, bob)
    if (next) await bed.engine.work.canceled(next)
    const [last] = await bed.engine.work.claim(worker.id, 10)
    expect(last?.taskId).toBe(third.id)
    if (last) await bed.engine.work.complete(last, null)
    expect((await bed.engine.getTask(third.id, ada)).state).toBe('completed')
  })

  test('one that waits can be canceled, and is passed over', async () => {
    const submit = async () => (await bed.engine.submit({ definition: 'queued', input: { course: 'D' } }, ada)).task
    const [first, second] = [await submit(), await submit()]
    await bed.engine.cancel(second.id, ada)
    await bed.engine.cancel(first.id, ada)
    expect((await bed.engine.getTask(second.id, ada)).state).toBe('canceled')
    expect((await submit()).waiting).toBe('waiting for a free worker')
  })

  test('status tells what is ready and who serves it, to staff alone', async () => {
    const status = await bed.engine.status(staff)
    expect(status.queues).toEqual([
      expect.objectContaining({
        definition: 'queued',
        version: 1,
        workers: 1,
        open: 1,
        pending: 1,
        ready: 1,
        running: 0,
      }),
    ])
    expect(status).toMatchObject({ database: kind, migrations: Object.keys(migrations), stuck: [], unpurged: 0 })
    expect(Math.abs(status.clockSkewSeconds)).toBeLessThan(5)
    await expect(bed.engine.status(ada)).rejects.toMatchObject({ code: 'forbidden', status: 403 })
  })
})
