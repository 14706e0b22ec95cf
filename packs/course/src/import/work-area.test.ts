import { TaskFailure } from '@errand/task'
import { expect, test } from 'vitest'
import { temporaryStore } from '../test-support/archives.ts'
import { WorkArea } from './work-area.ts'

test('a run that lost its claim and is still at it writes under no key of the one that took its place', async () => {
  const store = await temporaryStore()
  const context = { stores: { courses: store }, taskId: 'T' }
  const [lost, next] = [new WorkArea(context), new WorkArea(context)]
  const keys = [lost, next].flatMap((work) => [work.key('bundle'), work.temporary(), work.temporary()])
  expect(new Set(keys).size).toBe(keys.length)
  for (const key of keys) await store.put(key, key)
  // Whoever is last clears up after both.
  await next.clear()
  for await (const { key } of store.list('work/')) expect.unreachable(key)
})

test('why an archive is refused is laid aside for the clean-up; what goes wrong otherwise is not', async () => {
  const work = new WorkArea({ stores: { courses: await temporaryStore() }, taskId: 'T' })
  await expect(work.guarded(() => Promise.reject(new Error('the storage is gone')))).rejects.toThrow('gone')
  expect(await work.refusal()).toBeUndefined()
  const passing = new TaskFailure({ code: 'busy', title: 'Busy', detail: '', hint: 'Wait.', retryable: true })
  await expect(work.guarded(() => Promise.reject(passing))).rejects.toBe(passing)
  expect(await work.refusal()).toBeUndefined()
  const refused = new TaskFailure({ code: 'archive-empty', title: 'Empty', detail: 'No bytes.', hint: 'Pack it.' })
  await expect(work.guarded(() => Promise.reject(refused))).rejects.toBe(refused)
  expect(await work.refusal()).toEqual({ code: 'archive-empty', title: 'Empty', detail: 'No bytes.', hint: 'Pack it.' })
})
