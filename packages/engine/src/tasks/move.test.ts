import { randomUUID } from 'node:crypto'
import type { DefinitionShape } from '@errand/task'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { until } from '../test-support/until.ts'
import type { VersionMove } from '../types.ts'
import { readStatus } from './status.ts'

const v1 = shapeOf([stepOf('read'), stepOf('write', { after: ['read'] })], {
  name: 'order',
  input: { type: 'object', properties: { course_id: { type: 'string' } }, additionalProperties: false },
})
const v2: DefinitionShape = {
  ...shapeOf([stepOf('read'), stepOf('check', { after: ['read'] }), stepOf('write', { after: ['check'] })]),
  name: 'order',
  version: 2,
  resumes: [1],
  input: {
    type: 'object',
    properties: { course: { type: 'string' } },
    additionalProperties: false,
    required: ['course'],
  },
}

onBothDatabases((kind) => {
  let rooms: Rooms
  let later: string
  beforeEach(async () => {
    rooms = await openEmptyRooms(kind, [v1])
    later = randomUUID()
  })
  afterEach(() => rooms.close())

  const worker = (id: string) => ({ id, name: 'later', host: 'h', pid: 2, concurrency: 4 })
  /** The old workers are killed, and time goes by: minutes, by the database's clock. */
  const goneFor = async (minutes: number) => {
    const { db } = rooms.services
    await sql`UPDATE errand.workers SET heartbeat_at = now() - make_interval(mins => ${minutes})`.execute(db)
    await sql`UPDATE errand.steps SET changed_at = changed_at - make_interval(mins => ${minutes})`.execute(db)
    await rooms.lapse(v1)
  }
  const serve = async (shape: DefinitionShape) => rooms.work.register(worker(later), [shape])
  const fit = ({ input, results }: VersionMove) => ({ input: { course: String(input.course_id) }, results })
  const moveAll = async () => {
    for (const move of await rooms.work.claimMoves(later, 10)) await rooms.work.finishMove(later, move, fit(move))
  }
  /** Works until each of these is over. */
  const finish = (ids: string[]) =>
    until(async () => {
      for (const claim of await rooms.work.claim(later, 10)) await rooms.work.complete(claim, `by v${claim.version}`)
      const tasks = await Promise.all(ids.map((id) => rooms.task(id)))
      return tasks.every(({ state }) => state === 'completed') && tasks
    }, 'the end of all tasks')
  /** One task that nobody has begun, and one whose worker is killed in its second step. */
  const leave = async (): Promise<[string, string]> => {
    const half = await rooms.submit({ definition: 'order', input: { course_id: 'half' } })
    await rooms.work.complete(await rooms.claimOf(half.id), 'read by v1')
    const write = await rooms.claimOf(half.id)
    await rooms.work.saveCheckpoint(write, { at: 'v1' })
    await rooms.work.saveOnce(write, 'charge', 'charged')
    const queued = await rooms.submit({ definition: 'order', input: { course_id: 'queued' } })
    return [half.id, queued.id]
  }

  describe('the workers of a version are gone for ten minutes', () => {
    test('its tasks wait, and say for what; the operator is told', async () => {
      const ids = await leave()
      await goneFor(10)
      for (const id of ids) expect((await rooms.task(id)).waiting).toBe('waiting for a worker that has order v1')
      const status = await readStatus(rooms.services)
      expect(status.queues).toMatchObject([{ definition: 'order', version: 1, workers: 0, open: 2 }])
      expect(status.stuck.map(({ taskId, why }) => [taskId, why]).toSorted()).toEqual(
        [
          [ids[0], 'no-heartbeat'],
          [ids[1], 'unserved'],
        ].toSorted(),
      )
      expect(status.stuck.every(({ seconds }) => seconds > 590)).toBe(true)
    })

    test('and they finish when a worker with that version comes back', async () => {
      const ids = await leave()
      await goneFor(10)
      await serve(v1)
      for (const task of await finish(ids)) expect(task.version).toBe(1)
    })

    test('or when one comes whose newer version resumes it', async () => {
      const [half, queued] = await leave()
      await goneFor(10)
      await serve(v2)
      await moveAll()
      const claims = new Map<string, unknown>()
      const tasks = await until(async () => {
        for (const claim of await rooms.work.claim(later, 10)) {
          if (claim.taskId === half) claims.set(claim.step, claim)
          await rooms.work.complete(claim, `by v${claim.version}`)
        }
        const all = await Promise.all([half, queued].map((id) => rooms.task(id)))
        return all.every(({ state }) => state === 'completed') && all
      }, 'the end of both')
      expect(tasks.map(({ version, input }) => [version, input])).toEqual([
        [2, { course: 'half' }],
        [2, { course: 'queued' }],
      ])
      // What was done stays done; the step in hand begins anew, and what `once` kept has happened.
      expect([...claims.keys()]).toEqual(['check', 'write'])
      expect(claims.get('check')).toMatchObject({ results: { read: 'read by v1' }, input: { course: 'half' } })
      expect(claims.get('write')).toMatchObject({ checkpoint: null, once: { charge: 'charged' }, attempt: 1 })
    })
  })

  test('a task of which a live worker runs a step is left alone, and so is any while its version is served', async () => {
    const [half] = await leave()
    await rooms.work.heartbeat(rooms.worker.id, [])
    await serve(v2)
    expect(await rooms.work.claimMoves(later, 10)).toEqual([])
    // Served no more, but the step in hand is not over: the worker is stopping.
    await sql`UPDATE errand.workers SET serves = '[]' WHERE id = ${rooms.worker.id}::uuid`.execute(rooms.services.db)
    const moves = await rooms.work.claimMoves(later, 10)
    expect(moves.map(({ taskId }) => taskId)).not.toContain(half)
    expect(moves).toHaveLength(1)
    // In one worker's hands it is in no other's.
    expect(await rooms.work.claimMoves(later, 10)).toEqual([])
  })

  test('whatever happens to the task meanwhile voids the move', async () => {
    const { id } = await rooms.submit({ definition: 'order', input: { course_id: 'x' } })
    await goneFor(10)
    await serve(v2)
    const [move] = await rooms.work.claimMoves(later, 10)
    if (move === undefined) throw new Error('There is nothing to take over.')
    // The old version's worker is back, and begins.
    await rooms.work.register({ ...rooms.worker }, [v1])
    await rooms.claimOf(id)
    expect(await rooms.work.finishMove(later, move, fit(move))).toBe('left')
    expect(await rooms.task(id)).toMatchObject({ version: 1, state: 'running' })
    expect(await rooms.work.finishMove(later, move, fit(move))).toBe('left')
  })

  test('what does not fit the newer version stays with its own, which is said', async () => {
    const { id } = await rooms.submit({ definition: 'order', input: { course_id: 'x' } })
    await goneFor(10)
    await serve(v2)
    const [move] = await rooms.work.claimMoves(later, 10)
    if (move === undefined) throw new Error('There is nothing to take over.')
    expect(await rooms.work.finishMove(later, move, { input: { lesson: 'x' } })).toBe('refused')
    expect(await rooms.task(id)).toMatchObject({
      version: 1,
      state: 'pending',
      waiting: 'waiting for a worker that has order v1 (v2 could not take it over: The input does not fit A shape)',
    })
    expect(await rooms.work.claimMoves(later, 10)).toEqual([])
    await serve(v1)
    await finish([id])
  })

  test('no wake-up of the old version is left behind, and the task is found in its new version', async () => {
    const ids = await leave()
    await goneFor(10)
    await serve(v2)
    await moveAll()
    const jobs = async () =>
      (await sql<{ name: string }>`SELECT DISTINCT name FROM errand_dispatch.job`.execute(rooms.services.db)).rows
    expect(await jobs()).toEqual([{ name: 'order/v2' }])
    expect((await rooms.services.catalog.list()).map(({ version, open }) => [version, open])).toEqual([
      [2, 2],
      [1, 0],
    ])
    await finish(ids)
    expect(await jobs()).toEqual([])
  })

  test('a version that lacks a step lets it go; a canceled task ends without it', async () => {
    const [half, queued] = await leave()
    await goneFor(10)
    await rooms.services.catalog.promote('order', 1)
    const shorter: DefinitionShape = { ...v2, version: 3, steps: [stepOf('read')] }
    await serve(shorter)
    await moveAll()
    const [one] = await finish([half, queued])
    expect(one?.steps.map(({ name, state }) => [name, state])).toEqual([
      ['read', 'completed'],
      ['write', 'skipped'],
    ])
    expect((await rooms.task(half)).version).toBe(3)
  })
})
