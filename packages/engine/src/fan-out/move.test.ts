import { randomUUID } from 'node:crypto'
import type { DefinitionShape } from '@errand/task'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { queueOf } from '../dispatch/dispatch.ts'
import { onBothDatabases } from '../test-support/databases.ts'
import { FanOutPlay, keys, fanOutShape as v1 } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { stepOf } from '../test-support/shapes.ts'
import { until } from '../test-support/until.ts'

const v2: DefinitionShape = { ...v1, version: 2, resumes: [1] }

/** A version takes over what an older one has left in the middle of a fan-out. */
onBothDatabases((kind) => {
  let rooms: Rooms
  let before: FanOutPlay
  beforeEach(async () => {
    rooms = await openEmptyRooms(kind, [v1])
    before = new FanOutPlay(rooms)
    await before.patient()
  })
  afterEach(() => rooms.close())

  const later = { id: randomUUID(), name: 'later', host: 'h', pid: 2, concurrency: 4 }
  const killed = async () => {
    await sql`UPDATE errand.workers SET heartbeat_at = now() - interval '10 minutes'`.execute(rooms.services.db)
  }
  /** A worker with the newer version comes, and takes over what it can. */
  const comes = async (shape: DefinitionShape) => {
    await rooms.work.register(later, [shape])
    const outcomes: string[] = []
    for (const move of await rooms.work.claimMoves(later.id, 10)) {
      outcomes.push(await rooms.work.finishMove(later.id, move, { input: move.input, results: move.results }))
    }
    const claimOf = (id: string) =>
      until(async () => {
        rooms.services.bus.tell({ queues: [queueOf(shape.name, shape.version)] })
        return (await rooms.work.claim(later.id, 10)).find(({ taskId }) => taskId === id)
      }, `a claim of ${id}`)
    return { outcomes, play: new FanOutPlay({ ...rooms, worker: later, claimOf }, shape) }
  }
  const wakeUps = async () =>
    (await sql<{ name: string }>`SELECT DISTINCT name FROM errand_dispatch.job`.execute(rooms.services.db)).rows

  test('each slice goes on behind its last flush, and no item is done twice', async () => {
    const id = await before.planned(keys(20), { page: 10, size: 4 })
    const [half, whole, none] = await before.claim(3)
    if (half === undefined || whole === undefined || none === undefined) throw new Error('There are no three slices.')
    await before.flush(half, 2)
    await before.flush(whole)
    await killed()
    const { outcomes, play } = await comes(v2)
    expect(outcomes).toEqual(['moved'])
    expect(await wakeUps()).toEqual([{ name: 'many/v2/slices' }])
    const claimed = await play.claim()
    expect(claimed.flatMap(({ items }) => items)).toEqual(expect.not.arrayContaining(['k0', 'k1']))
    // Back from the dead: what it has in hand is another's by now.
    await expect(before.flush(half)).rejects.toMatchObject({ code: 'claim-lost' })
    for (const slice of claimed) await play.flush(slice)
    await play.workOff()
    const { result, task } = await play.finish(id)
    expect(result).toMatchObject({ total: 20, completed: 20, failed: 0 })
    expect(task).toMatchObject({ version: 2, state: 'completed' })
    expect(await play.content(id, 'report')).toBe(`begin\n${keys(20).join('\n')}\nend\n`)
    expect(await wakeUps()).toEqual([])
  })

  test('planning goes on behind the last page', async () => {
    const { id } = await rooms.submit({ definition: v1.name, input: {} })
    const planner = await rooms.claimOf(id)
    await rooms.work.planItems(planner, { items: JSON.stringify(keys(5)), count: 5, cursor: 'k4', sealed: false })
    await killed()
    const { play } = await comes(v2)
    const claim = await play.rooms.claimOf(id)
    expect(claim).toMatchObject({ version: 2, fanOut: { phase: 'planning', cursor: 'k4', sealed: false } })
    await play.plan(claim, keys(12).slice(5))
    await rooms.work.planned(claim)
    await play.workOff()
    expect(await play.finish(id)).toMatchObject({ result: { total: 12, completed: 12 } })
  })

  test('while a live worker has a slice in hand it is left alone', async () => {
    await before.planned(keys(4), {})
    await before.claim(1)
    await rooms.work.register({ ...rooms.worker }, [{ ...v1, name: 'another' }])
    expect((await comes(v2)).outcomes).toEqual([])
    await killed()
    expect((await comes(v2)).outcomes).toEqual(['moved'])
  })

  test.for<[string, DefinitionShape, string]>([
    ['has no such step', { ...v2, steps: [stepOf('items')] }, 'v2 has no step with items of that name'],
    [
      'has a step before it',
      { ...v2, steps: [stepOf('check'), ...v2.steps.map((step) => ({ ...step, after: ['check'] }))] },
      'v2 has the step check before it',
    ],
    ['lacks what the items write to', { ...v2, artifacts: {} }, 'v2 has no such artifact'],
  ])('a version that %s leaves it to its own, which is said', async ([, shape, why]) => {
    const id = await before.planned(keys(8), { size: 4 })
    const [slice] = await before.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await before.flush(slice)
    await killed()
    expect((await comes(shape)).outcomes).toEqual(['refused'])
    const row = await rooms.services.db
      .selectFrom('tasks')
      .select(['version', 'move_failure'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(row).toMatchObject({ version: 1, move_failure: { failure: { code: 'fan-out-under-way' } } })
    expect(JSON.stringify(row.move_failure)).toContain(why)
  })
})
