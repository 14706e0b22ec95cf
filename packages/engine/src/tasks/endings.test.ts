import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { cancelTask } from './cancel.ts'

const single = shapeOf([stepOf('a')], { name: 'single' })
const tidy = shapeOf(
  [
    stepOf('a'),
    stepOf('b'),
    stepOf('c', { after: ['a', 'b'] }),
    stepOf('on-failure', { kind: 'on-failure' }),
    stepOf('on-cancel', { kind: 'on-cancel' }),
  ],
  { name: 'tidy' },
)
const other = shapeOf([stepOf('a', { otherwise: true }), stepOf('b', { after: ['a'] })], { name: 'other' })
const field = (conflict: 'refuse' | 'join') =>
  shapeOf([stepOf('a')], {
    name: conflict,
    input: { type: 'object', properties: { course: { type: 'string' } } },
    unique: { key: '{course}', conflict },
  })
const many = Array.from({ length: 3 }, (_, index) => shapeOf([stepOf('a')], { name: `many${index}` }))
const failure = { code: 'x', title: 'No luck', detail: '', retryable: false, reference: 'r' }

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [single, tidy, other, field('refuse'), field('join'), ...many])
  })
  afterAll(() => rooms.close())

  const start = async (definition: string) => (await rooms.submit({ definition, input: {} })).id
  const cancel = (id: string) => cancelTask(rooms.services, id, { id: 'ada' })
  const states = async (id: string) => {
    const { state, steps } = await rooms.task(id)
    return [state, ...steps.map((step) => `${step.name} ${step.state}`)]
  }

  test('a cancel and a completion at the same instant: exactly one wins, 200 times', async () => {
    const outcomes = { completed: 0, canceled: 0 }
    for (let round = 0; round < 10; round++) {
      const ids = await Promise.all(Array.from({ length: 20 }, () => start('single')))
      const claims = []
      while (claims.length < ids.length) claims.push(...(await rooms.claim(20)))
      await Promise.all(
        claims.flatMap((claim, index) => {
          const both = [() => rooms.work.complete(claim, 'done'), () => cancel(claim.taskId)]
          return (index % 2 === 0 ? both : both.reverse()).map((act) => act())
        }),
      )
      const { rows } = await sql<{ state: string; step: string; ends: number }>`
        SELECT t.state, s.state AS step, (SELECT count(*)::int FROM errand.transitions x
          WHERE x.task_id = t.id AND x.step IS NULL AND x."to" IN ('completed', 'canceled', 'failed')) AS ends
        FROM errand.tasks t JOIN errand.steps s ON s.task_id = t.id
        WHERE t.id = ANY(${ids}::uuid[])`.execute(rooms.services.db)
      for (const { ends, state, step } of rows) {
        // The completion was the attempt's own, so the step has completed in either case.
        expect([step, ends]).toEqual(['completed', 1])
        if (state === 'completed' || state === 'canceled') outcomes[state]++
      }
    }
    expect(outcomes.completed + outcomes.canceled).toBe(200)
  })

  test('a failure ends the steps beside it, lets go those that come after, and runs its clean-up', async () => {
    const id = await start('tidy')
    const [a, b] = (await rooms.claim()).sort((one, two) => (one.step < two.step ? -1 : 1))
    if (a === undefined || b === undefined) throw new Error('Not both were claimed.')
    const told: string[] = []
    const off = rooms.services.bus.onCanceled((task) => told.push(task))
    await rooms.work.fail(a, failure)
    off()
    expect(told).toEqual([id])
    expect((await rooms.work.heartbeat(rooms.worker.id, [b])).canceling).toEqual([b])
    await rooms.work.canceled(b)
    const cleanup = await rooms.claimOf(id)
    expect(cleanup.step).toBe('on-failure')
    expect(await states(id)).toEqual([
      'running',
      'a failed',
      'b canceled',
      'c skipped',
      'on-failure running',
      'on-cancel pending',
    ])
    await rooms.work.complete(cleanup, null)
    expect(await states(id)).toEqual([
      'failed',
      'a failed',
      'b canceled',
      'c skipped',
      'on-failure completed',
      'on-cancel skipped',
    ])
    expect((await rooms.task(id)).failure).toMatchObject({ code: 'x' })
  })

  test('clean-up after a cancel runs, is not itself canceled, and its failure changes nothing', async () => {
    const id = await start('tidy')
    const claims = await rooms.claim()
    await cancel(id)
    expect((await rooms.work.heartbeat(rooms.worker.id, claims)).canceling).toHaveLength(2)
    for (const claim of claims) await rooms.work.canceled(claim)
    const cleanup = await rooms.claimOf(id)
    expect(cleanup.step).toBe('on-cancel')
    const signals: string[] = []
    const off = rooms.work.onCancel((task) => signals.push(task))
    await cancel(id)
    rooms.services.bus.tell({ canceled: [id] })
    expect((await rooms.work.heartbeat(rooms.worker.id, [cleanup])).canceling).toEqual([])
    off()
    expect(signals).toEqual([])
    await rooms.work.fail(cleanup, failure)
    expect(await states(id)).toEqual([
      'canceled',
      'a canceled',
      'b canceled',
      'c canceled',
      'on-failure skipped',
      'on-cancel failed',
    ])
    expect((await rooms.task(id)).failure).toBeNull()
  })

  test('the alternative path is told why, and what it returns is the result', async () => {
    const id = await start('other')
    await rooms.work.fail(await rooms.claimOf(id), failure)
    expect((await rooms.task(id)).waiting).toBe('the alternative path is next')
    const path = await rooms.claimOf(id)
    expect(path).toMatchObject({ step: 'a', attempt: 1, otherwise: { code: 'x', title: 'No luck' } })
    await rooms.work.release(path)
    const again = await rooms.claimOf(id)
    expect(again).toMatchObject({ attempt: 1, otherwise: { code: 'x' } })
    await rooms.work.complete(again, 'by another way')
    expect((await rooms.claimOf(id)).results).toEqual({ a: 'by another way' })
    expect((await rooms.task(id)).failure).toBeNull()
  })

  test('a step that loses every worker is given up, says so, and its neighbours are told to end', async () => {
    const id = await start('tidy')
    for (let workers = 0; workers < defaults.losses; workers++) {
      const claims = await rooms.claim()
      // A lost worker spends no attempt.
      expect(claims.map(({ attempt }) => attempt)).toEqual([1, 1])
      await rooms.lapse(tidy)
    }
    const cleanup = await rooms.claimOf(id)
    expect(cleanup.step).toBe('on-failure')
    const task = await rooms.task(id)
    expect(task.failure).toMatchObject({ code: 'worker-lost', hint: expect.stringContaining('logs') })
    const ended = task.steps.slice(0, 3).map(({ state }) => state)
    expect(ended.sort()).toEqual(['canceled', 'failed', 'skipped'])
  })

  test('a worker that reports a cancel nobody has asked for gives the step back', async () => {
    const id = await start('single')
    await rooms.work.canceled(await rooms.claimOf(id))
    expect((await rooms.task(id)).state).toBe('running')
    const again = await rooms.claimOf(id)
    expect(again.attempt).toBe(1)
    await rooms.work.complete(again, null)
    expect((await rooms.task(id)).state).toBe('completed')
  })

  test('fifty submits at once of what may run once make one task', async () => {
    const joined = await Promise.all(
      Array.from({ length: 50 }, () => rooms.submit({ definition: 'join', input: { course: 'C' } })),
    )
    expect(new Set(joined.map(({ id }) => id)).size).toBe(1)
    expect(joined.filter(({ made }) => made !== undefined)).toHaveLength(1)
    const refused = await Promise.allSettled(
      Array.from({ length: 50 }, () => rooms.submit({ definition: 'refuse', input: { course: 'C' } })),
    )
    const taken = refused.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
    expect(taken).toHaveLength(1)
    for (const each of refused) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ status: 409, extensions: { task: taken[0] } })
    }
  })

  test('a key or a scope too long to be kept is refused, naming the field', async () => {
    await expect(rooms.submit({ definition: 'join', input: { course: 'C'.repeat(5_000) } })).rejects.toMatchObject({
      code: 'input-invalid',
      extensions: { issues: [{ field: 'course', message: 'is too long' }] },
    })
  })

  test('a worker that serves many definitions gives each its turn', async () => {
    for (const { name } of many) await Promise.all(Array.from({ length: 12 }, () => start(name)))
    const counts = new Map<string, number>()
    for (let claims = 0; claims < 24; ) {
      const [claim] = await rooms.claim(1)
      if (claim === undefined || !claim.definition.startsWith('many')) continue
      counts.set(claim.definition, (counts.get(claim.definition) ?? 0) + 1)
      claims++
    }
    for (const { name } of many) expect(counts.get(name), name).toBe(8)
  })
})
