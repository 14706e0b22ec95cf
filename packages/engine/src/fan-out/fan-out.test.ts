import type { DefinitionShape } from '@errand/task'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { cancelTask } from '../tasks/cancel.ts'
import { keepFanOuts, listFailedItems, pauseTask, setConcurrency } from '../tasks/fan-out.ts'
import { ada, bob, onBothDatabases } from '../test-support/databases.ts'
import { FanOutPlay, fanOutShape, keys } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { stepOf } from '../test-support/shapes.ts'
import type { Edges, Origin, Principal } from '../types.ts'
import { flushSlice } from './flush.ts'
import { rollUp } from './roll-up.ts'
import { sweepSegments } from './upkeep.ts'

onBothDatabases((kind) => {
  let rooms: Rooms
  let play: FanOutPlay
  beforeEach(async () => {
    rooms = await openEmptyRooms(kind, [fanOutShape])
    play = new FanOutPlay(rooms)
    await play.patient()
  })
  afterEach(() => rooms.close())

  const slicesOf = (id: string) =>
    rooms.services.db.selectFrom('slices').selectAll().where('task_id', '=', id).orderBy('page').execute()

  test('no more slices are in flight than may be, and one that ends makes room for the next', async () => {
    const id = await play.planned(keys(40), { page: 40, size: 2 })
    expect(await slicesOf(id)).toHaveLength(3)
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await play.flush(slice)
    expect(await slicesOf(id)).toHaveLength(3)
    await setConcurrency(rooms.services, id, 5, ada)
    expect(await slicesOf(id)).toHaveLength(5)
  })

  test('while it is not known how long slices are to be few are in flight, and all after a second', async () => {
    const { db } = rooms.services
    const { id } = await rooms.submit({ definition: fanOutShape.name, input: {} })
    const claim = await rooms.claimOf(id)
    await db.updateTable('fan_outs').set({ concurrency: 8, slice_size: 2 }).where('task_id', '=', id).execute()
    await play.plan(claim, keys(40), 40)
    expect(await slicesOf(id)).toHaveLength(defaults.slicesToLearn)
    const past = new Date(Date.now() - 10_000)
    await db.updateTable('fan_outs').set({ rolled_at: past }).where('task_id', '=', id).execute()
    await rollUp(rooms.services)
    expect(await slicesOf(id)).toHaveLength(8)
  })

  test('of a wide window the planner opens some, and the first slice that ends the rest', async () => {
    const { db } = rooms.services
    const { id } = await rooms.submit({ definition: fanOutShape.name, input: {} })
    const claim = await rooms.claimOf(id)
    const known = { concurrency: 30, slice_size: 1, item_ms: defaults.sliceMs }
    await db.updateTable('fan_outs').set(known).where('task_id', '=', id).execute()
    await play.plan(claim, keys(40), 10)
    expect(await slicesOf(id)).toHaveLength(defaults.slicesOfPlanner)
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await play.flush(slice)
    expect(await slicesOf(id)).toHaveLength(30)
  })

  test('tasks of one scope share what one of another has for itself, and have it all when they are alone', async () => {
    const shape: DefinitionShape = {
      ...fanOutShape,
      name: 'scoped',
      input: { type: 'object', properties: { course: { type: 'string' } } },
      scope: 'course:{course}',
      steps: fanOutShape.steps.map((step) => ({ ...step, concurrency: 4 })),
    }
    await rooms.close()
    rooms = await openEmptyRooms(kind, [shape])
    const scoped = new FanOutPlay(rooms, shape)
    await scoped.patient()
    const planned = (course: string) => scoped.planned(keys(60), { input: { course }, page: 60, size: 2 })
    const ids = [await planned('a'), await planned('a'), await planned('b')]
    const inFlight = () => Promise.all(ids.map(async (id) => (await slicesOf(id)).length))
    expect(await inFlight()).toEqual([4, 2, 4])
    const round = async () => {
      for (const slice of await scoped.claim(99)) await scoped.flush(slice)
    }
    await round()
    expect(await inFlight()).toEqual([2, 2, 4])
    await pauseTask(rooms.services, ids[1] ?? '', true, ada)
    await round()
    // What was cut of the paused one waits for it to go on, and takes no part of the other's.
    expect(await inFlight()).toEqual([4, 2, 4])
  })

  test('a paused task ends what is in hand, and goes on where it was', async () => {
    const id = await play.planned(keys(20), { page: 20, size: 2 })
    const [kept, lost] = await play.claim(2)
    if (kept === undefined || lost === undefined) throw new Error('There are no two slices.')
    await pauseTask(rooms.services, id, true, ada)
    await play.flush(kept)
    // Neither what waits for a worker is begun, nor what a lost one had in hand; and upkeep sends neither again.
    expect(await play.claim()).toEqual([])
    await play.lapse()
    expect(await play.claim()).toEqual([])
    await expect(play.flush(lost)).rejects.toMatchObject({ code: 'claim-lost' })
    await rooms.services.db
      .updateTable('slices')
      .set({ changed_at: new Date(0) })
      .execute()
    await keepFanOuts(rooms.services)
    expect(await play.claim()).toEqual([])
    expect((await slicesOf(id)).map(({ state }) => state)).toEqual(['ready', 'ready'])
    expect((await rooms.task(id)).steps[0]?.state).toBe('running')
    await pauseTask(rooms.services, id, false, ada)
    await play.workOff()
    expect(await play.finish(id)).toMatchObject({ result: { total: 20, completed: 20, failed: 0 } })
    await expect(pauseTask(rooms.services, id, true, ada)).rejects.toMatchObject({ code: 'not-fanning-out' })
  })

  test('a cancel ends it at once, whoever holds a slice', async () => {
    const id = await play.planned(keys(20), { page: 20, size: 2 })
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await cancelTask(rooms.services, id, ada)
    expect((await rooms.task(id)).state).toBe('canceled')
    expect(await slicesOf(id)).toEqual([])
    await expect(play.flush(slice)).rejects.toMatchObject({ code: 'claim-lost' })
    const { lost } = await rooms.work.heartbeat(rooms.worker.id, [slice.claim])
    expect(lost).toHaveLength(1)
    expect(await play.claim()).toEqual([])
  })

  test('the item that ends its workers fails alone', async () => {
    const id = await play.planned(keys(20), { page: 20, size: 20 })
    for (let losses = 0; ; losses++) {
      const [slice] = await play.claim(1)
      if (slice === undefined) break
      expect(losses).toBeLessThanOrEqual(2 + defaults.poisonLosses)
      if (slice.claim.fanOut?.phase !== 'slice') throw new Error('The claim is of no slice.')
      const { singleUntil } = slice.claim.fanOut
      // The eighth ends the worker; those before it are recorded as carefully as was asked for.
      while (slice.at < 7 && slice.at < singleUntil) {
        await play.takeInHand(slice)
        await play.flush(slice, 1)
      }
      if (slice.at === 7) await play.takeInHand(slice)
      if (slice.at > 7) await play.flush(slice)
      else await play.lapse()
    }
    expect(await play.finish(id)).toMatchObject({ result: { total: 20, completed: 19, failed: 1 } })
    expect(await play.content(id, 'errors')).toMatch(/\r\nk7,worker-lost,/)
    expect(await play.content(id, 'report')).toBe(
      `begin\n${keys(20)
        .filter((key) => key !== 'k7')
        .join('\n')}\nend\n`,
    )
  })

  /** None may fail. */
  async function strictly(): Promise<FanOutPlay> {
    const steps = fanOutShape.steps.map((step) => ({ ...step, tolerate: 0 }))
    const shape = { ...fanOutShape, name: 'strict', steps }
    await rooms.close()
    rooms = await openEmptyRooms(kind, [shape])
    const strict = new FanOutPlay(rooms, shape)
    await strict.patient()
    return strict
  }

  test('an item that ends its workers ends the step where none may fail, as soon as that is known', async () => {
    const strict = await strictly()
    const id = await strict.planned(keys(20), { page: 20, size: 20 })
    for (let slice = (await strict.claim(1))[0]; slice !== undefined; slice = (await strict.claim(1))[0]) {
      if (slice.at > 0) break
      await strict.takeInHand(slice)
      await strict.lapse()
    }
    expect(await slicesOf(id)).toEqual([])
    expect(await strict.finish(id)).toMatchObject({ failure: { code: 'too-many-items-failed' } })
    expect(await strict.content(id, 'errors')).toMatch(/\r\nk0,worker-lost,/)
  })

  test('whoever crashed before looking whether too many have failed is stood in for at the end', async () => {
    const strict = await strictly()
    const id = await strict.planned(keys(4), { page: 4, size: 2 })
    const [first, second] = await strict.claim(2)
    if (first === undefined || second === undefined) throw new Error('There are no two slices.')
    await flushSlice(
      rooms.services,
      first.claim,
      strict.flushOf(first, 2, () => true),
    )
    await strict.flush(second)
    const { failure, task } = await strict.finish(id)
    expect([failure?.code, task.state]).toEqual(['too-many-items-failed', 'failed'])
  })

  test('an item that is in hand when a worker is lost by chance is not blamed, however many are lost', async () => {
    const id = await play.planned(keys(20), { page: 20, size: 20 })
    // Of three that are lost one had nothing in hand yet, one had an item, and one had just done it.
    for (let losses = 0; losses < 30; losses++) {
      const [slice] = await play.claim(1)
      if (slice === undefined) throw new Error('There is no slice.')
      if (losses % 3 === 2) await play.takeInHand(slice).then(() => play.flush(slice, 1))
      else if (losses % 3 === 1) await play.takeInHand(slice)
      await play.lapse()
    }
    await play.workOff()
    expect(await play.finish(id)).toMatchObject({ result: { total: 20, completed: 20, failed: 0 } })
  })

  test('what is not in hand any more cannot be taken in hand', async () => {
    await play.planned(keys(4), { page: 4, size: 4 })
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await rooms.work.takeInHand(slice.claim, 0)
    // Again, as after a connection that broke.
    await rooms.work.takeInHand(slice.claim, 0)
    await expect(rooms.work.takeInHand(slice.claim, 1)).rejects.toMatchObject({ code: 'claim-lost' })
    await play.lapse()
    await play.claim(1)
    await expect(rooms.work.takeInHand(slice.claim, 0)).rejects.toMatchObject({ code: 'claim-lost' })
  })

  test('whoever crashed before asking whether all is through is stood in for', async () => {
    const id = await play.planned([], {})
    await rooms.services.db.updateTable('fan_outs').set({ phase: 'running' }).where('task_id', '=', id).execute()
    await rooms.services.db
      .updateTable('steps')
      .set({ state: 'running', job: null })
      .where('task_id', '=', id)
      .execute()
    await keepFanOuts(rooms.services)
    expect((await play.finish(id)).task.state).toBe('completed')
  })

  test('an output begins with what an earlier step wrote in its slot, which goes when the step is over', async () => {
    const items = fanOutShape.steps.map((step) => ({ ...step, after: ['begin'] }))
    const shape: DefinitionShape = { ...fanOutShape, name: 'begun', steps: [stepOf('begin'), ...items] }
    await rooms.close()
    rooms = await openEmptyRooms(kind, [shape])
    const { artifacts, db } = rooms.services
    const begun = new FanOutPlay(rooms, shape)
    const { id } = await rooms.submit({ definition: shape.name, input: {} })
    const first = await rooms.claimOf(id)
    const { report } = shape.artifacts
    if (report === undefined) throw new Error('There is no report.')
    const sink = await artifacts.open(first, 'report', report, { definition: shape.name, filename: 'report' })
    await sink.write(Buffer.from('written before\n'))
    await sink.close()
    await rooms.work.complete(first, null)
    const states = async () =>
      (
        await db.selectFrom('artifacts').select(['step', 'state']).where('task_id', '=', id).orderBy('id').execute()
      ).map(({ state, step }) => `${step} ${state}`)
    const second = await rooms.claimOf(id)
    await begun.plan(second, keys(4), 4)
    await rooms.work.planned(second)
    await begun.workOff()
    expect(await states()).toEqual(['begin available'])
    await begun.finish(id)
    expect(await states()).toEqual(['begin deleted', 'items available'])
    expect(await begun.content(id, 'report')).toBe(`written before\nbegin\n${keys(4).join('\n')}\nend\n`)
  })

  test('steps side by side that write to one slot each have their own file, whoever ends first', async () => {
    const [items] = fanOutShape.steps
    if (items === undefined) throw new Error('There is no step.')
    const steps = ['a', 'b'].map((name) => ({ ...items, name }))
    const shape: DefinitionShape = { ...fanOutShape, name: 'beside', steps }
    await rooms.close()
    rooms = await openEmptyRooms(kind, [shape])
    const { db, segments } = rooms.services
    const beside = new FanOutPlay(rooms, shape)
    await beside.patient()
    const { id } = await rooms.submit({ definition: shape.name, input: {} })
    for (const claim of await rooms.claim(2)) {
      await beside.plan(
        claim,
        keys(3).map((key) => `${claim.step}-${key}`),
      )
      await rooms.work.planned(claim)
    }
    await beside.workOff()
    const edges: Edges = { headers: {}, footers: {}, filenames: {} }
    const [first, second] = await rooms.claim(2)
    if (first === undefined || second === undefined) throw new Error('There are no two steps.')
    await rooms.work.compose(first, edges)
    await rooms.work.complete(first, null)
    await rooms.work.compose(second, edges)
    await rooms.work.complete(second, null)
    const rows = await db.selectFrom('artifacts').selectAll().where('task_id', '=', id).orderBy('step').execute()
    expect(rows.map(({ state, step }) => [step, state])).toEqual([
      ['a', 'available'],
      ['b', 'available'],
    ])
    const contents = await Promise.all(rows.map(async (row) => Buffer.from(await segments.read(row)).toString()))
    expect(contents).toEqual(['a-k0\na-k1\na-k2\n', 'b-k0\nb-k1\nb-k2\n'])
    expect((await rooms.task(id)).state).toBe('completed')
  })

  test('a slice whose wake-up is gone is sent again', async () => {
    const id = await play.planned(keys(2), {})
    const [before] = await slicesOf(id)
    await rooms.services.db
      .updateTable('slices')
      .set({ job: '00000000-0000-7000-8000-000000000000', changed_at: new Date(0) })
      .execute()
    await keepFanOuts(rooms.services)
    const [after] = await slicesOf(id)
    expect(after?.id).toBe(before?.id)
    await play.workOff()
    expect((await play.finish(id)).task.state).toBe('completed')
  })

  test('progress is summed up, with an estimate where there is something to work it out from', async () => {
    const id = await play.planned(keys(20), { page: 20, size: 10 })
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    const past = new Date(Date.now() - 10_000)
    await rooms.services.db.updateTable('fan_outs').set({ rolled_at: past }).execute()
    await play.flush(slice, 5, (key) => key === 'k0')
    await rollUp(rooms.services)
    const progress = (await rooms.task(id)).steps[0]?.progress
    expect(progress).toMatchObject({ done: 5, total: 20, unit: 'items', failed: 1 })
    expect(progress?.rate).toBeGreaterThan(0)
    expect(progress?.secondsLeft).toBeGreaterThan(0)
  })

  test.runIf(kind === 'postgres')(
    'it is summed up as well while a flush has written and not yet committed',
    async () => {
      const { db } = rooms.services
      const id = await play.planned(keys(20), { page: 20, size: 10 })
      const [slice] = await play.claim(1)
      if (slice === undefined) throw new Error('There is no slice.')
      await play.flush(slice, 5)
      await db
        .updateTable('fan_outs')
        .set({ rolled_at: new Date(Date.now() - 10_000) })
        .execute()
      await db.transaction().execute(async (trx) => {
        const place = { task_id: id, step: 'items', page: 0, item: 5, slot: 'report' }
        await trx
          .insertInto('segments')
          .values({ ...place, storage: 'default', key: 'k', size: 1 })
          .execute()
        await rollUp(rooms.services)
        expect((await rooms.task(id)).steps[0]?.progress).toMatchObject({ done: 5 })
      })
    },
  )

  test('the items that failed are read page by page, in their order, by those who may', async () => {
    const { services } = rooms
    const id = await play.planned(keys(20), { page: 10, size: 5 })
    // Several failures in one flush, and several flushes.
    await play.workOff((key) => /[0-4]$/.test(key))
    const expected = keys(20).filter((key) => /[0-4]$/.test(key))
    for (const limit of [1, 3, 10, 50]) {
      const read: string[] = []
      for (let pageToken: string | undefined; ; ) {
        const query = { limit, ...(pageToken === undefined ? {} : { pageToken }) }
        const page = await listFailedItems(services, id, 'items', query, ada)
        expect(page.items.length).toBeLessThanOrEqual(limit)
        read.push(...page.items.map(({ key }) => key))
        if (page.nextPageToken === null) break
        pageToken = page.nextPageToken
      }
      expect(read).toEqual(expected)
    }
    const { items } = await listFailedItems(services, id, 'items', { limit: 1 }, ada)
    expect(items).toEqual([{ key: 'k0', code: 'bad', title: 'Bad', detail: '', attempts: 1 }])
    const ask = (step: string, query: { pageToken?: string }, who: Principal) =>
      listFailedItems(services, id, step, query, who)
    await expect(ask('items', {}, bob)).rejects.toMatchObject({ code: 'task-unknown' })
    await expect(ask('nothing', {}, ada)).rejects.toMatchObject({ code: 'step-unknown' })
    await expect(ask('items', { pageToken: '1' }, ada)).rejects.toMatchObject({ code: 'page-token-invalid' })
  })

  test('a planner of failed items that is lost is followed by one that goes on behind what is on record', async () => {
    const { services, work } = rooms
    const of = await play.planned(keys(20), { page: 10, size: 5 })
    await play.workOff(() => true)
    await play.finish(of)
    const origin: Origin = { by: 'retry', of, failedItems: true }
    const { id } = await rooms.submit({ definition: fanOutShape.name, input: {}, origin })
    const claim = await rooms.claimOf(id)
    // The former one got as far as the second flush of the first page.
    await services.db.updateTable('fan_outs').set({ cursor: '0-5', concurrency: 0 }).where('task_id', '=', id).execute()
    await work.planFailedItems(claim)
    const pages = await services.db.selectFrom('item_pages').select('items').where('task_id', '=', id).execute()
    expect(pages.flatMap(({ items }) => items)).toEqual(keys(20).slice(10))
  })

  test('what items appended is removed once the output is there, orphans with it', async () => {
    const id = await play.planned(keys(20), {})
    await play.workOff()
    await play.finish(id)
    const owner = { definition: fanOutShape.name, scope: '', taskId: id, step: 'items' }
    const place = { page: 0, item: 0, lease: 'lost' }
    const orphan = await rooms.services.segments.write(owner, 'report', place, Buffer.from('x'))
    expect(await sweepSegments(rooms.services, 0)).toBe(1)
    await expect(rooms.services.segments.read(orphan)).rejects.toThrow(/not in the storage/)
    expect(await rooms.services.db.selectFrom('segments').selectAll().execute()).toEqual([])
    expect(await play.content(id, 'report')).toBe(`begin\n${keys(20).join('\n')}\nend\n`)
  })
})
