import { randomUUID } from 'node:crypto'
import { artifact, defineTask, upload } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from './test-support/databases.ts'
import type { Claim, ClaimRef, FeedEvent } from './types.ts'

const pair = defineTask({
  name: 'pair',
  version: 1,
  title: 'Two steps',
  input: z.object({ course: z.string(), times: z.number().default(2) }),
  scope: ({ course }) => `course:${course}`,
  uploads: { file: upload({ optional: true }) },
  artifacts: { out: artifact({ mediaType: 'text/plain' }) },
})
  .step('first', { title: 'First' }, () => ({ n: 1 }))
  .step('second', { after: ['first'], retry: { attempts: 2, delay: { seconds: 0.01 } } }, () => 2)

const lonely = defineTask({
  name: 'lonely',
  version: 1,
  title: 'One at a time',
  input: z.object({ course: z.string() }),
  unique: ({ course }) => course,
}).step('only', {}, () => 1)

onBothDatabases((kind) => {
  let bed: TestEngine
  const worker = { id: randomUUID(), name: 'w1', host: 'h', pid: 1, concurrency: 4 }

  beforeAll(async () => {
    bed = await openTestEngine(kind)
    await bed.engine.work.register(worker, [pair.shape, lonely.shape])
  })
  afterAll(() => bed.close())

  /** Claims until the task's step is in hand; the queue may hold others. */
  const claimOf = async (taskId: string): Promise<Claim> => {
    for (let tries = 0; tries < 200; tries++) {
      const found = (await bed.engine.work.claim(worker.id, 10)).find((claim) => claim.taskId === taskId)
      if (found) return found
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('never claimed')
  }

  test('a task runs to its end: each step once, each transition numbered, the result passed on', async () => {
    const { task, created } = await bed.engine.submit({ definition: 'pair', input: { course: 'C' } }, ada)
    expect(created).toBe(true)
    expect(task).toMatchObject({ state: 'pending', scope: 'course:C', input: { course: 'C', times: 2 }, sequence: 2 })
    // Nothing is read back for the answer; it says what the record says.
    expect(task).toEqual(await bed.engine.getTask(task.id, ada))
    const first = await claimOf(task.id)
    expect(first).toMatchObject({ step: 'first', attempt: 1, input: { course: 'C', times: 2 }, results: {} })
    await bed.engine.work.complete(first, { n: 1 })
    const second = await claimOf(task.id)
    expect(second.results).toEqual({ first: { n: 1 } })
    await bed.engine.work.complete(second, undefined)
    const done = await bed.engine.getTask(task.id, ada)
    expect(done).toMatchObject({ state: 'completed', waiting: null, failure: null })
    const history = await bed.engine.transitions(task.id, ada)
    expect(history.map(({ sequence }) => sequence)).toEqual(history.map((_, index) => index + 1))
    expect(history.map(({ step, to }) => `${step ?? 'task'} ${to}`)).toEqual([
      'task pending',
      'first ready',
      'task running',
      'first running',
      'first completed',
      'second ready',
      'second running',
      'second completed',
      'task completed',
    ])
  })

  test('a retryable failure is tried again, then the task fails with it', async () => {
    const { task } = await bed.engine.submit({ definition: 'pair', input: { course: 'F' } }, ada)
    await bed.engine.work.complete(await claimOf(task.id), null)
    const failure = { code: 'x', title: 'No luck', detail: 'd', retryable: true, reference: 'r', stack: 'secret' }
    await bed.engine.work.fail(await claimOf(task.id), failure)
    expect(await bed.engine.getTask(task.id, ada)).toMatchObject({
      state: 'running',
      steps: [{}, { state: 'retrying' }],
    })
    const again = await claimOf(task.id)
    expect(again.attempt).toBe(2)
    await bed.engine.work.fail(again, failure)
    const failed = await bed.engine.getTask(task.id, ada)
    expect(failed).toMatchObject({ state: 'failed', failure: { code: 'x', title: 'No luck' } })
    expect(JSON.stringify(failed)).not.toContain('secret')
  })

  test('an attempt that is over stores nothing more', async () => {
    const { task } = await bed.engine.submit({ definition: 'pair', input: { course: 'L' } }, ada)
    const claim = await claimOf(task.id)
    await bed.engine.work.complete(claim, { n: 5 })
    await expect(bed.engine.work.complete(claim, { n: 6 })).rejects.toMatchObject({ code: 'claim-lost' })
    await expect(bed.engine.work.saveCheckpoint(claim, 1)).rejects.toMatchObject({ code: 'claim-lost' })
    await expect(bed.engine.work.openArtifact(claim, 'out', { filename: 'a' })).rejects.toMatchObject({
      code: 'claim-lost',
    })
    expect((await bed.engine.work.heartbeat(worker.id, [claim])).lost).toEqual([claim])
    const stale: ClaimRef = { ...(await claimOf(task.id)) }
    await expect(
      bed.engine.work.fail(
        { ...stale, lease: `${randomUUID()}:0` },
        {
          code: 'x',
          title: 't',
          detail: '',
          retryable: false,
          reference: 'r',
        },
      ),
    ).rejects.toMatchObject({ code: 'claim-lost' })
    await bed.engine.work.complete(stale, null)
    expect((await bed.engine.getTask(task.id, ada)).state).toBe('completed')
  })

  test('a step handed back is claimed again and has not spent an attempt', async () => {
    const { task } = await bed.engine.submit({ definition: 'pair', input: { course: 'H' } }, ada)
    await bed.engine.work.release(await claimOf(task.id))
    const again = await claimOf(task.id)
    expect(again).toMatchObject({ step: 'first', attempt: 1 })
    await bed.engine.cancel(task.id, ada)
    await bed.engine.work.canceled(again)
    expect((await bed.engine.getTask(task.id, ada)).state).toBe('canceled')
  })

  test('an output is written as a stream, and there when its step has completed', async () => {
    const { task } = await bed.engine.submit({ definition: 'pair', input: { course: 'A/../x' } }, ada)
    const claim = await claimOf(task.id)
    const half = await bed.engine.work.openArtifact(claim, 'out', { filename: 'half.txt' })
    await half.write(Buffer.from('half'))
    const sink = await bed.engine.work.openArtifact(claim, 'out', { filename: '../né"w\n.txt' })
    await sink.write(Buffer.from('hello '))
    await sink.write(Buffer.from('world'))
    expect(await sink.close()).toEqual({
      size: 11,
      sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    })
    expect((await bed.engine.getTask(task.id, ada)).artifacts).toEqual([])
    await bed.engine.work.complete(claim, null)
    const [made, ...more] = (await bed.engine.getTask(task.id, ada)).artifacts
    expect(more).toEqual([])
    expect(made).toMatchObject({ slot: 'out', filename: '.._né"w_.txt', size: 11, state: 'available' })
    const { body } = await bed.engine.openArtifact(made?.id ?? '', ada, { start: 6 })
    expect(Buffer.concat(await body.toArray()).toString()).toBe('world')
    await expect(bed.engine.openArtifact(made?.id ?? '', bob)).rejects.toMatchObject({ status: 404 })
    await bed.engine.deleteArtifact(made?.id ?? '', ada)
    await expect(bed.engine.openArtifact(made?.id ?? '', ada)).rejects.toMatchObject({
      code: 'artifact-gone',
      status: 410,
    })
  })

  test('one at a time: the second is told which is running, and the lock ends with the task', async () => {
    const { task } = await bed.engine.submit({ definition: 'lonely', input: { course: 'U' } }, ada)
    await expect(bed.engine.submit({ definition: 'lonely', input: { course: 'U' } }, bob)).rejects.toMatchObject({
      code: 'task-running',
      status: 409,
      extensions: { task: task.id },
    })
    await bed.engine.cancel(task.id, ada)
    expect((await bed.engine.getTask(task.id, ada)).state).toBe('canceled')
    expect((await bed.engine.submit({ definition: 'lonely', input: { course: 'U' } }, bob)).created).toBe(true)
  })

  test('a hundred submits at once, half of them the same request, make the right tasks', async () => {
    const keys = Array.from({ length: 50 }, () => randomUUID())
    const all = await Promise.all(
      [...keys, ...keys].map((key) =>
        bed.engine.submit({ definition: 'pair', input: { course: key }, idempotencyKey: key }, ada),
      ),
    )
    expect(new Set(all.map(({ task }) => task.id)).size).toBe(50)
    expect(all.filter(({ created }) => created)).toHaveLength(50)
    await expect(
      bed.engine.submit({ definition: 'pair', input: { course: 'other' }, idempotencyKey: keys[0] ?? '' }, ada),
    ).rejects.toMatchObject({ code: 'idempotency-key-reused' })
  })

  test('a watcher is told everything in order and without gaps, and then that it is over', async () => {
    const { task } = await bed.engine.submit({ definition: 'pair', input: { course: 'W' } }, ada)
    const events: FeedEvent[] = []
    const watching = (async () => {
      for await (const event of bed.engine.watchTask(task.id, ada)) events.push(event)
    })()
    const first = await claimOf(task.id)
    await bed.engine.work.progress(first, { done: 1, total: 2, message: 'half' })
    await bed.engine.work.log(first, 'a line')
    await bed.engine.work.complete(first, null)
    await bed.engine.work.complete(await claimOf(task.id), null)
    await watching
    const numbers = events.flatMap((event) => (event.type === 'transition' ? [event.transition.sequence] : []))
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(events.at(-1)).toMatchObject({ type: 'task', task: { state: 'completed' } })
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'log', line: expect.objectContaining({ message: 'a line' }) }),
    )
    expect((await bed.engine.getTask(task.id, ada)).steps[0]?.progress).toMatchObject({
      done: 1,
      total: 2,
      message: 'half',
    })
  })

  test('bad input is refused with every field named, and an unknown task with what to do', async () => {
    await expect(
      bed.engine.submit({ definition: 'pair', input: { cours: 'C', times: '3' } }, ada),
    ).rejects.toMatchObject({
      code: 'input-invalid',
      extensions: {
        issues: expect.arrayContaining([
          { field: 'course', message: 'is required' },
          { field: 'cours', message: 'is not a field of this task' },
          { field: 'times', message: 'must be number' },
        ]),
      },
    })
    await expect(bed.engine.submit({ definition: 'nope', input: {} }, ada)).rejects.toMatchObject({ status: 404 })
    await expect(bed.engine.getTask('not-an-id', ada)).rejects.toMatchObject({ code: 'task-unknown' })
  })

  test('lists are pages of what one may see', async () => {
    const mine = await bed.engine.listTasks({ limit: 5, q: 'two steps' }, ada)
    expect(mine.tasks).toHaveLength(5)
    const more = await bed.engine.listTasks({ limit: 5, q: 'two steps', pageToken: mine.nextPageToken ?? '' }, ada)
    expect(more.tasks[0]?.id.localeCompare(mine.tasks[4]?.id ?? '')).toBeLessThan(0)
    expect((await bed.engine.listTasks({}, bob)).tasks.every(({ owner }) => owner.id === 'bob')).toBe(true)
    expect((await bed.engine.listTasks({ state: ['completed'] }, staff)).tasks.length).toBeGreaterThan(1)
  })

  test('the same version with another shape is refused, naming what differs', async () => {
    const other = defineTask({
      name: 'pair',
      version: 1,
      title: 'Two steps',
      input: z.object({ course: z.number() }),
    }).step('first', {}, () => 1)
    await expect(bed.engine.work.register(worker, [other.shape])).rejects.toMatchObject({
      code: 'definition-conflict',
      detail: expect.stringContaining('step "second" was removed'),
    })
  })
})
