import type { DefinitionShape } from '@errand/task'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkFailedItems } from '../tasks/fan-out.ts'
import { findTask } from '../tasks/read.ts'
import { removeTask } from '../tasks/remove.ts'
import { ada, onBothDatabases, staff } from '../test-support/databases.ts'
import { FanOutPlay, keys, fanOutShape as v1 } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'

const strict: DefinitionShape = { ...v1, name: 'strict', steps: v1.steps.map((step) => ({ ...step, tolerate: 0 })) }

/** A new task over just the failed items of another makes up for all that one lacks, or is refused. */
onBothDatabases((kind) => {
  let rooms: Rooms
  let play: FanOutPlay
  beforeEach(async () => {
    rooms = await openEmptyRooms(kind, [v1, strict])
    play = new FanOutPlay(rooms)
    await play.patient()
  })
  afterEach(() => rooms.close())

  const check = async (id: string) => checkFailedItems(rooms.services, await findTask(rooms.services, id, ada))
  const submitAgain = (of: string) =>
    rooms.submit({ definition: v1.name, input: {}, origin: { by: 'retry', of, failedItems: true } })

  test('of a task that is not over, or that has not tried all of its items, they are not run alone', async () => {
    const open = await play.planned(keys(20), { page: 20, size: 5 })
    await expect(check(open)).rejects.toMatchObject({ code: 'nothing-failed' })
    const [slice] = await play.claim(1)
    if (slice === undefined) throw new Error('There is no slice.')
    await play.flush(slice, 5, () => true)
    await expect(check(open)).rejects.toMatchObject({ code: 'items-not-tried', hint: 'Wait until it is over.' })
    await play.workOff()
    await play.finish(open)
    await expect(check(open)).resolves.toBeUndefined()

    const failing = new FanOutPlay(rooms, strict)
    await failing.patient()
    const failed = await failing.planned(keys(20), { page: 20, size: 5 })
    const [bad] = await failing.claim(1)
    if (bad === undefined) throw new Error('There is no slice.')
    await failing.flush(bad, 5, () => true)
    expect((await failing.finish(failed)).task).toMatchObject({
      state: 'failed',
      failure: { hint: expect.stringContaining('run the task again') },
    })
    await expect(check(failed)).rejects.toMatchObject({ code: 'items-not-tried', hint: /whole task again/ })
  })

  test('a version without the step they failed in does not run them', async () => {
    const id = await play.planned(keys(4), {})
    await play.workOff((key) => key === 'k1')
    await play.finish(id)
    const v2 = { ...v1, version: 2, steps: v1.steps.map((step) => ({ ...step, name: 'learners' })) }
    await rooms.work.register({ ...rooms.worker, concurrency: 4 }, [v1, v2])
    await rooms.services.catalog.promote(v1.name, 2)
    await expect(check(id)).rejects.toMatchObject({
      code: 'failed-items-elsewhere',
      title: 'Version 2 has no step with items called "items"',
    })
  })

  test('whatever fails of them again, what was mended is kept', async () => {
    const share: DefinitionShape = { ...v1, name: 'share', steps: v1.steps.map((step) => ({ ...step, tolerate: 0.3 })) }
    await rooms.work.register({ ...rooms.worker, concurrency: 4 }, [v1, strict, share])
    const some = new FanOutPlay(rooms, share)
    const of = await some.planned(keys(20), { page: 20, size: 5 })
    await some.patient()
    await some.workOff((key) => /^k[0-4]$/.test(key))
    expect((await some.finish(of)).task.state).toBe('completed_with_errors')
    const { id } = await rooms.submit({
      definition: share.name,
      input: {},
      origin: { by: 'retry', of, failedItems: true },
    })
    const claim = await rooms.claimOf(id)
    await rooms.work.planFailedItems(claim)
    await rooms.work.planned(claim)
    // Two of five are more than 0.3.
    await some.workOff((key) => key === 'k1' || key === 'k3')
    expect(await some.finish(id)).toMatchObject({ result: { total: 5, completed: 3, failed: 2 }, failure: null })
    expect(await some.content(id, 'report')).toBe('begin\nk0\nk2\nk4\nend\n')
  })

  test('of a task that is deleted before they are read, the new one fails and says so', async () => {
    const of = await play.planned(keys(20), { page: 20, size: 5 })
    await play.workOff((key) => key === 'k3')
    await play.finish(of)
    const { id } = await submitAgain(of)
    await removeTask(rooms.services, of, staff)
    const claim = await rooms.claimOf(id)
    await expect(rooms.work.planFailedItems(claim)).rejects.toMatchObject({ code: 'failed-items-gone' })
  })
})
