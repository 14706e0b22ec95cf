import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { readLag } from './lag.ts'

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    // Without channels of its own: nothing is delivered but what the test says was.
    rooms = await openEmptyRooms(kind, [shapeOf([stepOf('a')])])
  })
  afterAll(() => rooms.close())

  const notify = async (minutes: number, routed: boolean) => {
    const id = uuidv7()
    await sql`INSERT INTO errand.notifications (id, principal, kind, event, data, created_at, routed_at)
      VALUES (${id}::uuid, 'ada', 'test', ${id}, '{}', now() - make_interval(mins => ${minutes}),
        CASE WHEN ${routed} THEN now() END)`.execute(rooms.services.db)
    return id
  }
  const deliver = (notification: string, channel: string, minutes: number, state = 'waiting') =>
    sql`INSERT INTO errand.deliveries (id, notification_id, principal, channel, state, due_at)
      VALUES (${uuidv7()}::uuid, ${notification}::uuid, 'ada', ${channel}, ${state},
        now() - make_interval(mins => ${minutes}))`.execute(rooms.services.db)
  const lag = async () =>
    (await readLag(rooms.services.db, ['email', 'pager'])).map((one) => ({
      ...one,
      lagSeconds: Math.floor(one.lagSeconds / 60),
    }))

  test('a channel is behind by what is due and by what nobody has looked at, and not by what is off or still to come', async () => {
    expect(await readLag(rooms.services.db, [])).toEqual([])
    expect(await lag()).toEqual([
      { channel: 'email', waiting: 0, lagSeconds: 0 },
      { channel: 'pager', waiting: 0, lagSeconds: 0 },
    ])
    await deliver(await notify(90, true), 'email', 60)
    await deliver(await notify(90, true), 'email', 30)
    await deliver(await notify(90, true), 'email', 80, 'sent')
    await deliver(await notify(90, true), 'pager', -30)
    expect(await lag()).toEqual([
      { channel: 'email', waiting: 2, lagSeconds: 60 },
      { channel: 'pager', waiting: 0, lagSeconds: 0 },
    ])
    await sql`INSERT INTO errand.channels (name, disabled_at) VALUES ('email', now())`.execute(rooms.services.db)
    expect(await lag()).toMatchObject([{ waiting: 0, lagSeconds: 0 }, { lagSeconds: 0 }])
    await notify(20, false)
    expect(await lag()).toMatchObject([{ lagSeconds: 20 }, { lagSeconds: 20 }])
  })
})
