import { randomUUID } from 'node:crypto'
import { artifact, defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from '../test-support/databases.ts'
import { until } from '../test-support/until.ts'
import type { FeedEvent, Principal } from '../types.ts'

const shared = defineTask({
  name: 'shared',
  version: 1,
  title: 'For a team',
  input: z.object({ course: z.string() }),
  scope: ({ course }) => `course:${course}`,
  artifacts: { list: artifact({ visibility: 'team' }) },
}).step('only', {}, () => 1)

onBothDatabases((kind) => {
  let bed: TestEngine
  const stop = new AbortController()

  beforeAll(async () => {
    bed = await openTestEngine(kind)
    await bed.engine.work.register({ id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }, [shared.shape])
  })
  afterAll(async () => {
    stop.abort()
    await bed.close()
  })

  /** Follows until the test is over; what it is told. Resolves once the feed has begun. */
  async function follow(who: Principal): Promise<FeedEvent[]> {
    const told: FeedEvent[] = []
    void (async () => {
      for await (const event of bed.engine.watchAll(who, { signal: stop.signal })) told.push(event)
    })()
    // How much is unread is told first of all.
    await until(() => told.length > 0)
    return told
  }
  const tasksOf = (told: FeedEvent[]) => told.flatMap((event) => (event.type === 'task' ? [event.task] : []))

  test('each is told what they may see, as they may see it, and nothing else', async () => {
    const mate = { id: 'mate', name: 'Mate', staff: false }
    const credentials = { ...bob, roles: [{ scope: 'course:A', role: 'team' as const }] }
    await bed.engine.people.record.grant('mate', { scope: 'course:A', role: 'team' }, staff)
    const [own, twice, team, byCredentials, plain, all, readOnly] = await Promise.all(
      [ada, ada, mate, credentials, bob, staff, { ...ada, grants: ['write' as const] }].map(follow),
    )
    const { task } = await bed.engine.submit({ definition: 'shared', input: { course: 'A' } }, ada)
    const other = await bed.engine.submit({ definition: 'shared', input: { course: 'B' } }, ada)
    for (const id of [task.id, other.task.id]) await bed.engine.cancel(id, ada)
    const ended = (told: FeedEvent[] | undefined, id: string) =>
      tasksOf(told ?? []).find((one) => one.id === id && one.state === 'canceled')
    for (const told of [own, twice, all]) {
      await until(() => ended(told, task.id) && ended(told, other.task.id))
      expect(ended(told, task.id)?.may).toEqual(['cancel', 'retry', 'delete'])
      expect(ended(told, task.id)?.input).toEqual({ course: 'A' })
    }
    for (const told of [team, byCredentials]) {
      const seen = await until(() => ended(told, task.id))
      expect(seen.may).toEqual([])
      expect(seen.input.course).toBe('•••')
      expect(tasksOf(told ?? []).map(({ id }) => id)).not.toContain(other.task.id)
    }
    // Both have heard of everything by now, as those have who are told in the same round.
    expect(tasksOf(plain ?? [])).toEqual([])
    expect(tasksOf(readOnly ?? [])).toEqual([])
  })

  test('a task that is deleted is gone for those who might see it, and nothing to others', async () => {
    const mate = { id: 'team-mate', name: 'Mate', staff: false }
    await bed.engine.people.record.grant(mate.id, { scope: 'course:D', role: 'team' }, staff)
    const [own, team, plain] = await Promise.all([ada, mate, bob].map(follow))
    const { task } = await bed.engine.submit({ definition: 'shared', input: { course: 'D' } }, ada)
    await bed.engine.cancel(task.id, ada)
    await bed.engine.deleteTask(task.id, ada)
    const gone = (told: FeedEvent[] | undefined) => told?.filter((event) => event.type === 'gone')
    for (const told of [own, team]) {
      await until(() => (gone(told) ?? []).length > 0)
      expect(gone(told)).toEqual([{ type: 'gone', id: task.id }])
    }
    expect(gone(plain)).toEqual([])
  })

  test('a membership that is taken away is gone with the next change', async () => {
    const guest = { id: 'guest', name: 'Guest', staff: false }
    await bed.engine.people.record.grant('guest', { scope: 'course:C', role: 'team' }, staff)
    const [told, owner] = await Promise.all([follow(guest), follow(ada)])
    const { task } = await bed.engine.submit({ definition: 'shared', input: { course: 'C' } }, ada)
    await until(() => tasksOf(told).length > 0)
    const before = tasksOf(told).length
    await bed.engine.people.record.withdraw('guest', 'course:C', staff)
    await bed.engine.cancel(task.id, ada)
    await until(() => tasksOf(owner).some(({ id, state }) => id === task.id && state === 'canceled'))
    expect(tasksOf(told)).toHaveLength(before)
  })

  test('the inbox is counted for each', async () => {
    const reader = { id: 'reader', name: 'Reader', staff: false }
    const [told, others] = await Promise.all([follow(reader), follow(bob)])
    const quiet = others.length
    await bed.engine.notifications.inbox.send({ to: ['reader'], kind: 'a.b', title: 'News' }, staff)
    await until(() => told.some((event) => event.type === 'inbox' && event.unread === 1))
    await bed.engine.notifications.inbox.read('all', reader)
    await until(() => told.at(-1)?.type === 'inbox' && told.at(-1))
    await until(() => told.filter((event) => event.type === 'inbox').at(-1)?.unread === 0)
    expect(others).toHaveLength(quiet)
  })
})
