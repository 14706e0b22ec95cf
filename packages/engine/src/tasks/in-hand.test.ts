import { afterAll, beforeAll, expect, test } from 'vitest'
import { ada, onBothDatabases, staff } from '../test-support/databases.ts'
import { FanOutPlay, fanOutShape } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { readWorkers } from './in-hand.ts'

const short = shapeOf([stepOf('a', { title: 'Do it' }), stepOf('b', { after: ['a'] })], {
  name: 'short',
  title: 'Short',
})

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [short, fanOutShape])
  })
  afterAll(() => rooms.close())

  const worker = async (who = staff) => {
    const [one] = await readWorkers(rooms.services, who)
    return one
  }

  test('a worker is at the steps it has claimed and not settled, and at slices of one as a whole', async () => {
    expect(await worker()).toMatchObject({ id: rooms.worker.id, running: 0, inHand: [] })
    const { id } = await rooms.submit({ definition: 'short', input: {} })
    const claim = await rooms.claimOf(id)
    const step = { taskId: id, title: 'Short', definition: 'short', version: 1, step: 'a', stepTitle: 'Do it' }
    expect((await worker())?.inHand).toEqual([{ ...step, slices: null, startedAt: expect.any(Date) }])

    const play = new FanOutPlay(rooms)
    await play.patient()
    const many = await play.planned(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    // Between what lists its items and the first slice a fan-out is in nobody's hands.
    expect(await worker()).toMatchObject({ running: 1, inHand: [{ taskId: id }] })
    expect(await play.claim()).toHaveLength(2)
    expect(await worker()).toMatchObject({
      running: 3,
      inHand: [
        { taskId: id, slices: null },
        { taskId: many, step: 'items', slices: 2 },
      ],
    })
    // How much it has everybody may know, and of whom it is only who may see all.
    expect(await worker(ada)).toMatchObject({ running: 3, inHand: null })

    await rooms.work.complete(claim, null)
    expect(await worker()).toMatchObject({ running: 2, inHand: [{ taskId: many }] })
  })
})
