import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createEngine } from '../engine.ts'
import { listTasks } from '../tasks/list.ts'
import { createSubmit } from '../tasks/submit.ts'
import { catalogShapes } from '../test-support/catalog-shapes.ts'
import { ada, onBothDatabases, staff } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { until } from '../test-support/until.ts'
import type { ScheduleRequest, ScheduleView } from '../types.ts'
import { Schedules } from './schedules.ts'

/** The clock is the test's: nothing waits for a minute to pass. */

// Databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const DAY = 86_400
const input = { type: 'object', properties: { course: { type: 'string' } }, required: ['course'] }
const report = shapeOf([stepOf('write')], { name: 'report', input, scope: 'course:{course}' })
const team = shapeOf([stepOf('write')], { name: 'team', input, scope: 'course:{course}', access: { start: 'team' } })
const limited = shapeOf([stepOf('write')], { name: 'limited', limits: { owner: { open: 1 } } })
const [plain] = catalogShapes

onBothDatabases((kind) => {
  const clock = { offsetSeconds: 0 }
  let rooms: Rooms
  let schedules: Schedules
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [report, team, limited, plain])
    schedules = new Schedules(rooms.services, clock, createSubmit(rooms.services))
  })
  afterAll(() => rooms.close())
  beforeEach(async () => {
    clock.offsetSeconds = 0
    for (const { name } of await schedules.list(staff)) await schedules.remove(name, staff)
  })

  let names = 0
  const make = (more: Partial<ScheduleRequest> = {}) =>
    schedules.create(
      ...([
        { name: `s${++names}`, definition: 'report', input: { course: 'C1' }, cron: '0 3 * * *', ...more },
        staff,
      ] as const),
    )
  const find = async (name: string): Promise<ScheduleView> => {
    const found = (await schedules.list(staff)).find((schedule) => schedule.name === name)
    if (found === undefined) throw new Error(`There is no schedule ${name}.`)
    return found
  }
  /** Sets the clock to so many seconds, and one, after the next time of the schedule, which it returns. */
  const moveTo = async (name: string, seconds: number): Promise<Date> => {
    const { nextAt } = await find(name)
    if (nextAt === null) throw new Error(`${name} is paused.`)
    clock.offsetSeconds = (nextAt.getTime() - Date.now()) / 1_000 + seconds + 1
    return nextAt
  }
  const tasksOf = async (principal: string) =>
    (await listTasks(rooms.services, { owner: `service:${principal}` }, staff)).tasks

  test('at its time it starts one task, however many engines look, and the task says where it comes from', async () => {
    const { name } = await make({ principal: 'one' })
    await schedules.startDue()
    expect(await tasksOf('one')).toEqual([])
    const dueAt = await moveTo(name, 5)
    const others = Array.from({ length: 4 }, () => new Schedules(rooms.services, clock, createSubmit(rooms.services)))
    await Promise.all([schedules, ...others].map((each) => each.startDue()))
    await schedules.startDue()
    const [task, ...more] = await tasksOf('one')
    expect(more).toEqual([])
    expect(task).toMatchObject({
      definition: 'report',
      scope: 'course:C1',
      owner: { id: 'service:one', name: 'one' },
      origin: { by: 'schedule', schedule: name },
    })
    const after = await find(name)
    expect(after).toMatchObject({ last: { dueAt, taskId: task?.id }, problem: null, scope: 'course:C1' })
    expect(after.nextAt).toEqual(new Date(dueAt.getTime() + DAY * 1_000))
    await moveTo(name, 0)
    await schedules.startDue()
    expect(await tasksOf('one')).toHaveLength(2)
  })

  test('an engine that dies once the task is there is followed by one that finds it', async () => {
    const { name } = await make({ principal: 'dies' })
    const submit = createSubmit(rooms.services)
    const dies = new Schedules(rooms.services, clock, async (...request) => {
      await submit(...request)
      throw new Error('The engine is gone.')
    })
    await moveTo(name, 0)
    await dies.startDue()
    // The lease of the dead holds.
    await schedules.startDue()
    expect((await find(name)).last).toBeNull()
    await moveTo(name, 120)
    await schedules.startDue()
    const tasks = await tasksOf('dies')
    expect(tasks).toHaveLength(1)
    expect((await find(name)).last?.taskId).toBe(tasks[0]?.id)
  })

  test('of what is missed, the last ten minutes are made up for, once, and nothing else', async () => {
    const { name } = await make({ principal: 'late', cron: '*/3 * * * *' })
    // Three of its times; the next is far enough that none comes meanwhile.
    await moveTo(name, 6 * 60)
    await schedules.startDue()
    await schedules.startDue()
    expect(await tasksOf('late')).toHaveLength(1)
    const dueAt = await moveTo(name, 3 * DAY)
    await schedules.startDue()
    await schedules.startDue()
    expect(await tasksOf('late')).toHaveLength(1)
    const missed = await find(name)
    expect(missed.problem).toMatchObject({ code: 'schedule-missed', dueAt: dueAt.toISOString() })
    await moveTo(name, 0)
    await schedules.startDue()
    expect(await tasksOf('late')).toHaveLength(2)
    expect((await find(name)).problem).toBeNull()
  })

  test('a task that is refused is told, and the schedule goes on', async () => {
    const { name } = await make({ principal: 'refused', definition: 'limited', input: {}, cron: '0 * * * *' })
    await moveTo(name, 0)
    await schedules.startDue()
    const dueAt = await moveTo(name, 0)
    await schedules.startDue()
    const refused = await find(name)
    expect(refused.problem).toMatchObject({ code: 'limit-reached', dueAt: dueAt.toISOString() })
    expect(refused.nextAt?.getTime()).toBe(dueAt.getTime() + 3_600_000)
    const { code, title } = refused.problem ?? {}
    expect(await schedules.refused()).toContainEqual({ name, code, title })
    const [open] = await tasksOf('refused')
    await rooms.work.complete(await rooms.claimOf(open?.id ?? ''), null)
    await moveTo(name, 0)
    await schedules.startDue()
    expect(await find(name)).toMatchObject({ problem: null })
    expect((await schedules.refused()).map((one) => one.name)).not.toContain(name)
    expect(await tasksOf('refused')).toHaveLength(2)
  })

  test('the version of the time counts: an input that does not fit it any more is told', async () => {
    const { name } = await make({ principal: 'newer' })
    await rooms.services.catalog.register(rooms.worker, [
      { ...report, version: 2, input: { ...input, required: ['course', 'term'] } },
    ])
    await rooms.services.catalog.promote('report', 2)
    await moveTo(name, 0)
    await schedules.startDue()
    expect((await find(name)).problem).toMatchObject({ code: 'input-invalid', detail: expect.stringContaining('term') })
    await rooms.services.catalog.promote('report', 1)
  })

  test('its service principal may no more than its roles allow, when it is made and when it runs', async () => {
    await expect(make({ principal: 'helper', definition: 'team' })).rejects.toMatchObject({ code: 'start-forbidden' })
    const member = { principal: 'service:helper', scope: 'course:C1' }
    await rooms.services.db
      .insertInto('memberships')
      .values({ ...member, role: 'team', created_by: staff.id })
      .execute()
    const { name } = await make({ principal: 'helper', definition: 'team' })
    await rooms.services.db.deleteFrom('memberships').where('principal', '=', member.principal).execute()
    await moveTo(name, 0)
    await schedules.startDue()
    expect((await find(name)).problem).toMatchObject({ code: 'start-forbidden' })
    expect(await tasksOf('helper')).toEqual([])
  })

  test('paused, it starts nothing; resumed, it goes on with its next time', async () => {
    const { name } = await make({ principal: 'paused' })
    const before = await moveTo(name, 0)
    expect(await schedules.pause(name, staff)).toMatchObject({ nextAt: null, pausedAt: expect.any(Date) })
    await schedules.startDue()
    expect(await tasksOf('paused')).toEqual([])
    const { nextAt } = await schedules.resume(name, staff)
    expect(nextAt?.getTime()).toBe(before.getTime() + DAY * 1_000)
    expect(await schedules.resume(name, staff)).toMatchObject({ nextAt })
    await schedules.startDue()
    expect(await tasksOf('paused')).toEqual([])
  })

  test('what cannot run is refused when it is made, and says what is wrong', async () => {
    await expect(make({ cron: '61 3 * * *' })).rejects.toMatchObject({ code: 'schedule-invalid' })
    await expect(make({ cron: '0 3 31 2 *' })).rejects.toMatchObject({ code: 'schedule-invalid' })
    await expect(make({ definition: 'nothing' })).rejects.toMatchObject({ code: 'definition-unknown' })
    await expect(make({ input: {} })).rejects.toMatchObject({ code: 'input-invalid' })
    const { name } = await make()
    await expect(make({ name })).rejects.toMatchObject({ code: 'schedule-exists', status: 409 })
    expect(await schedules.list(staff)).toHaveLength(1)
  })

  test('all of it is for administrators', async () => {
    const { name } = await make()
    const forbidden = { code: 'forbidden', status: 403 }
    const request = { name: 'adas', definition: 'report', input: { course: 'C1' }, cron: '0 3 * * *' }
    await expect(schedules.create(request, ada)).rejects.toMatchObject(forbidden)
    await expect(schedules.list(ada)).rejects.toMatchObject(forbidden)
    await expect(schedules.pause(name, ada)).rejects.toMatchObject(forbidden)
    await expect(schedules.resume(name, ada)).rejects.toMatchObject(forbidden)
    await expect(schedules.remove(name, ada)).rejects.toMatchObject(forbidden)
    await expect(schedules.remove('no-such', staff)).rejects.toMatchObject({ code: 'schedule-unknown', status: 404 })
  })

  test('a time of a zone is told by its clock, in summer and in winter', () => {
    const next = (after: string, count = 1) => {
      const times = [new Date(after)]
      for (let one = 0; one < count; one++)
        times.push(rooms.services.dispatch.nextTime('30 2 * * *', 'Europe/Zurich', times.at(-1) ?? new Date(after)))
      return times.slice(1).map((time) => time.toISOString())
    }
    expect(next('2026-01-10T12:00:00Z')).toEqual(['2026-01-11T01:30:00.000Z'])
    expect(next('2026-07-10T12:00:00Z')).toEqual(['2026-07-11T00:30:00.000Z'])
    // Half past two does not come on the day on which clocks go from two to three: it runs an hour later.
    expect(next('2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z'])
    // It comes twice when they go back: it runs once.
    expect(next('2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
  })
})

test('an engine starts by itself what is due', async () => {
  const clock = { offsetSeconds: 0 }
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: 'memory://' },
    storages: { default: { scheme: 'memory' } },
    clock,
  })
  try {
    await engine.work.register({ id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 1 }, [report])
    const { nextAt } = await engine.schedules.create(
      { name: 'nightly', definition: 'report', input: { course: 'C1' }, cron: '0 3 * * *' },
      staff,
    )
    clock.offsetSeconds = ((nextAt?.getTime() ?? 0) - Date.now()) / 1_000 + 1
    const listed = () => engine.listTasks({ owner: 'service:scheduler' }, staff)
    const [task] = await until(async () => {
      const { tasks } = await listed()
      return tasks.length > 0 && tasks
    }, 'the task of the schedule')
    expect(task).toMatchObject({ state: 'pending', origin: { by: 'schedule', schedule: 'nightly' } })
    const [first] = await engine.transitions(task?.id ?? '', staff)
    expect(first).toMatchObject({ reason: 'by the schedule nightly', actor: 'service:scheduler' })
  } finally {
    await engine.close()
  }
})
