import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { cancelTask, endOverdue } from './cancel.ts'
import { reconcile } from './reconcile.ts'

const pair = shapeOf([stepOf('a'), stepOf('b', { after: ['a'] })], { name: 'pair' })
const single = shapeOf([stepOf('a')], { name: 'single', deadline: 3_600 })
const tidy = shapeOf([stepOf('a'), stepOf('b', { after: ['a'] }), stepOf('on-failure', { kind: 'on-failure' })], {
  name: 'tidy',
  deadline: 3_600,
})
const failure = { code: 'x', title: 'No luck', detail: '', retryable: true, reference: 'r' }

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [pair, single, tidy])
  })
  afterAll(() => rooms.close())

  const start = async (definition: string) => (await rooms.submit({ definition, input: {} })).id
  /** As if the job had been taken out of dispatch's tables by hand, and a minute had passed. */
  const loseJobs = async (id: string) => {
    await sql`DELETE FROM errand_dispatch.job WHERE data->>'taskId' = ${id}`.execute(rooms.services.db)
    await passMinute(id)
  }
  const passMinute = (id: string) =>
    sql`UPDATE errand.steps SET changed_at = changed_at - interval '1 minute', retry_at = retry_at - interval '1 minute'
      WHERE task_id = ${id}::uuid`.execute(rooms.services.db)
  const expire = (id: string) =>
    sql`UPDATE errand.tasks SET deadline_at = now() - interval '1 second' WHERE id = ${id}::uuid`.execute(
      rooms.services.db,
    )
  const jobs = async (id: string) => {
    const { rows } = await sql<{ id: string }>`
      SELECT id::text FROM errand_dispatch.job WHERE data->>'taskId' = ${id} AND state < 'completed'`.execute(
      rooms.services.db,
    )
    return rows.length
  }

  test('a ready step whose job is gone is sent again, once', async () => {
    const id = await start('pair')
    await loseJobs(id)
    expect(await reconcile(rooms.services)).toBe(1)
    await passMinute(id)
    expect(await reconcile(rooms.services)).toBe(0)
    expect(await jobs(id)).toBe(1)
    const claim = await rooms.claimOf(id)
    expect(claim).toMatchObject({ step: 'a', attempt: 1 })
    await rooms.work.complete(claim, null)
    await rooms.work.complete(await rooms.claimOf(id), null)
    expect((await rooms.task(id)).state).toBe('completed')
  })

  test('a running step whose job is gone runs again, has not spent an attempt, and its old holder is refused', async () => {
    const id = await start('pair')
    const before = await rooms.claimOf(id)
    await loseJobs(id)
    expect(await reconcile(rooms.services)).toBe(1)
    await expect(rooms.work.complete(before, 'stale')).rejects.toMatchObject({ code: 'claim-lost' })
    const after = await rooms.claimOf(id)
    expect(after).toMatchObject({ step: 'a', attempt: 1 })
    expect((await rooms.work.heartbeat(rooms.worker.id, [before, after])).lost).toEqual([before])
    await rooms.work.complete(after, 'good')
    expect(await rooms.claimOf(id)).toMatchObject({ step: 'b', results: { a: 'good' } })
  })

  test('wake-ups that are good for nothing hide no work behind them', async () => {
    const ids: string[] = []
    for (let times = 0; times < 4; times++) ids.push(await start('pair'))
    const last = await start('pair')
    // As if the reconciler had replaced their wake-ups: the old ones come first, and name no step's job any more.
    await sql`UPDATE errand.steps SET job = gen_random_uuid() WHERE name = 'a' AND task_id = ANY(${ids}::uuid[])`.execute(
      rooms.services.db,
    )
    const claims = await rooms.work.claim(rooms.worker.id, 2)
    expect(claims.map(({ taskId }) => taskId)).toEqual([last])
    for (const id of ids) await cancelTask(rooms.services, id, { id: 'ada' })
    await rooms.work.fail(claims[0] ?? { taskId: '', step: '', lease: '' }, { ...failure, retryable: false })
  })

  test('a worker whose id is no UUID is told so', async () => {
    await expect(rooms.work.register({ ...rooms.worker, id: 'w1' }, [pair])).rejects.toMatchObject({
      code: 'worker-id-invalid',
      hint: expect.stringContaining('randomUUID'),
    })
  })

  test('a step that waits for its next try and lost its job is sent again', async () => {
    const id = await start('pair')
    await rooms.work.fail(await rooms.claimOf(id), failure)
    await loseJobs(id)
    expect(await reconcile(rooms.services)).toBe(1)
    expect(await rooms.claimOf(id)).toMatchObject({ step: 'a', attempt: 2 })
  })

  test('what is live is left alone, and two that reconcile at once send one job', async () => {
    const live = await start('pair')
    await rooms.claimOf(live)
    await passMinute(live)
    const lost = await start('pair')
    await loseJobs(lost)
    const sent = await Promise.all([reconcile(rooms.services), reconcile(rooms.services)])
    expect(sent[0] + sent[1]).toBe(1)
    expect([await jobs(live), await jobs(lost)]).toEqual([1, 1])
  })

  test('a step lost while its task is being canceled does not begin again', async () => {
    const id = await start('pair')
    await rooms.claimOf(id)
    await cancelTask(rooms.services, id, { id: 'ada' })
    expect((await rooms.task(id)).state).toBe('canceling')
    await rooms.lapse(pair)
    const other = await start('pair')
    expect(await rooms.claimOf(other)).toMatchObject({ taskId: other })
    expect(await rooms.task(id)).toMatchObject({
      state: 'canceled',
      steps: [{ state: 'canceled' }, { state: 'canceled' }],
    })
  })

  test('a task past its deadline that has not begun fails, and nothing of it runs', async () => {
    const id = await start('single')
    await expire(id)
    expect(await endOverdue(rooms.services)).toBe(1)
    expect(await rooms.task(id)).toMatchObject({
      state: 'failed',
      failure: { code: 'deadline-passed' },
      steps: [{ state: 'canceled' }],
    })
    const next = await start('single')
    expect((await rooms.claim(10)).map(({ taskId }) => taskId)).toEqual([next])
  })

  test('a task past its deadline whose only step runs is told to end, and fails when it has', async () => {
    const id = await start('single')
    const claim = await rooms.claimOf(id)
    await expire(id)
    const told: string[] = []
    const off = rooms.services.bus.onCanceled((task) => told.push(task))
    expect(await endOverdue(rooms.services)).toBe(1)
    off()
    expect(told).toEqual([id])
    expect((await rooms.work.heartbeat(rooms.worker.id, [claim])).canceling).toEqual([claim])
    expect(await endOverdue(rooms.services)).toBe(0)
    await rooms.work.canceled(claim)
    expect(await rooms.task(id)).toMatchObject({ state: 'failed', failure: { code: 'deadline-passed' } })
  })

  test('a task past its deadline cleans up, and what comes after never begins', async () => {
    const id = await start('tidy')
    const claim = await rooms.claimOf(id)
    await expire(id)
    await endOverdue(rooms.services)
    await rooms.work.canceled(claim)
    const cleanup = await rooms.claimOf(id)
    expect(cleanup).toMatchObject({ step: 'on-failure', kind: 'on-failure' })
    expect((await rooms.work.heartbeat(rooms.worker.id, [cleanup])).canceling).toEqual([])
    await rooms.work.complete(cleanup, null)
    expect(await rooms.task(id)).toMatchObject({
      state: 'failed',
      steps: [{ state: 'canceled' }, { state: 'skipped' }, { state: 'completed' }],
    })
  })
})
