import { isTaskFailure } from '@errand/task'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { temporaryStore } from '../test-support/archives.ts'
import { MemoryStore } from '../test-support/memory-store.ts'
import { readHead, readRef } from './course-ref.ts'
import { refKey } from './object-keys.ts'
import { type PublishRules, publishVersion } from './publish-version.ts'

const course = 'course-v1:A+B+C'
const versionOf = (task: string) => ({
  structure: task.padEnd(64, '0').slice(0, 64),
  at: '2026-09-01T00:00:00.000Z',
  by: { id: 'p1', name: 'Ada' },
  task,
  how: 'import',
  files: 1,
  bytes: 1,
})
const unexpected = (message: string): void => expect.unreachable(message)
const publish = (store: MemoryStore, task: string, rules: Partial<PublishRules> = {}) =>
  publishVersion(store, course, versionOf(task), { kept: 20, ...rules }, unexpected)

test('of several who publish at once none is lost, whatever the order of what they do', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 5 }), async (scheduler, count) => {
      const store = scheduled(new MemoryStore(), scheduler)
      const tasks = Array.from({ length: count }, (_, number) => `t${number}`)
      const numbers = Promise.all(tasks.map(async (task) => (await publish(store, task)).number))
      await scheduler.waitFor(numbers)
      const ref = await readRef(plain(store), course)
      expect(ref?.versions.map(({ task }) => task).sort()).toEqual(tasks)
      expect((await numbers).toSorted()).toEqual(tasks.map((_, index) => index + 1))
      expect(ref?.current).toBe(count)
    }),
  )
})

test('on files, twelve at once are twelve versions', async () => {
  const store = await temporaryStore()
  const tasks = Array.from({ length: 12 }, (_, number) => `t${number}`)
  const tries = tasks.map(async (task) => {
    for (;;) {
      try {
        return await publishVersion(store, course, versionOf(task), { kept: 20 }, unexpected)
      } catch (error) {
        if (!isTaskFailure(error) || error.code !== 'course-busy') throw error
      }
    }
  })
  await Promise.all(tries)
  expect((await readRef(store, course))?.versions.map(({ task }) => task).sort()).toEqual(tasks.toSorted())
})

test('publishing again for the same task changes nothing, also when its version is no longer kept', async () => {
  const store = new MemoryStore()
  await publish(store, 'one', { kept: 1 })
  await publish(store, 'two', { kept: 1 })
  expect(await publish(store, 'one', { kept: 1 })).toMatchObject({ number: 1 })
  expect(await readRef(store, course)).toMatchObject({
    current: 2,
    versions: [{ task: 'two' }],
    dropped: [{ task: 'one', droppedAt: '2026-09-01T00:00:00.000Z' }],
  })
})

test('a number that was passed long ago, and removed, is not taken for the course', async () => {
  const store = new MemoryStore()
  for (let time = 0; time < 6; time++) await publish(store, `t${time}`)
  expect(store.keys.map((key) => key.slice(-6, -5))).toEqual(['3', '4', '5', '6'])
  // What was read before all of the others published.
  const slow = { list: (prefix: string) => store.list(prefix), looks: 0 }
  const behind = new Proxy(store, {
    get(target, name) {
      if (name === 'list' && slow.looks++ === 0) return async function* () {}
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  expect(await publish(behind, 'slow')).toMatchObject({ number: 7 })
  expect(await readHead(store, course)).toMatchObject({ revision: 7, ref: { current: 7 } })
  expect(store.keys).not.toContain(refKey(course, 1))
})

test('that earlier states cannot be removed takes nothing back: the next one to publish removes them', async () => {
  const store = new MemoryStore()
  for (let time = 0; time < 4; time++) await publish(store, `t${time}`)
  const deletes = store.delete
  store.delete = () => Promise.reject(new Error('access denied'))
  const log: string[] = []
  const { number } = await publishVersion(store, course, versionOf('t4'), { kept: 20 }, (line) => log.push(line))
  expect([number, log]).toEqual([5, ['Earlier states of the course could not be removed.']])
  store.delete = deletes
  expect(await publish(store, 't5')).toMatchObject({ number: 6 })
  expect(store.keys.map((key) => key.slice(-6, -5))).toEqual(['3', '4', '5', '6'])
})

test('what was made from a version that is no longer the course is refused', async () => {
  const store = new MemoryStore()
  await publish(store, 'one')
  await publish(store, 'two')
  await expect(publish(store, 'merge', { from: 1 })).rejects.toMatchObject({ code: 'course-changed' })
  await expect(publish(store, 'revert', { of: 9 })).rejects.toMatchObject({ code: 'course-version-unknown' })
  expect(await publish(store, 'revert', { of: 1, from: 2 })).toMatchObject({ number: 3 })
})

const PLAIN = Symbol('plain')

/** The store, each of whose answers comes when the scheduler says. */
function scheduled(store: MemoryStore, scheduler: fc.Scheduler): MemoryStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === PLAIN) return target
      const value = Reflect.get(target, name)
      if (name === 'list') {
        return async function* (prefix: string) {
          await scheduler.schedule(Promise.resolve(), 'list')
          yield* target.list(prefix)
        }
      }
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        await scheduler.schedule(Promise.resolve(), String(name))
        return value.apply(target, args)
      }
    },
  })
}

function plain(store: MemoryStore): MemoryStore {
  return Reflect.get(store, PLAIN) as MemoryStore
}
