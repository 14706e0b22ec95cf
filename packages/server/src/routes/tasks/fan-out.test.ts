import { randomUUID } from 'node:crypto'
import { defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { failedItemPageSchema, taskSchema } from '../../openapi/schemas.ts'
import { ada, bodyOf, problemOf, type RealServer, realServer, worker } from '../../testing/real-server.ts'

/** Tasks with many items, over HTTP. The test plays their worker. */

const many = defineTask({ name: 'test.many', version: 1, title: 'Many', input: z.object({}) }).fanOut('each', {
  title: 'Each of them',
  items: () => ['a', 'b', 'c', 'd'],
  each: () => undefined,
  tolerate: { failures: 3 },
})
const mine = { ...worker, id: randomUUID() }

let server: RealServer
/** A task with its four items on record, and its step in nobody's hands. */
let id: string

beforeAll(async () => {
  server = await realServer()
  const { work } = server.engine
  await work.register(mine, [many.shape])
  id = (await server.engine.submit({ definition: 'test.many', input: {} }, ada)).task.id
  const [claim] = await work.claim(mine.id, 1)
  if (claim === undefined) throw new Error('There is nothing to claim.')
  await work.planItems(claim, { items: '["a","b","c","d"]', count: 4, cursor: 'd', sealed: true })
  await work.planned(claim)
})
afterAll(() => server.stop())

const steer = (action: string, json?: unknown, as: 'ada' | 'bob' = 'ada') =>
  server.request(`/api/v1/tasks/${id}/${action}`, { method: 'POST', as, ...(json === undefined ? {} : { json }) })
const failedItems = (query = '', as: 'ada' | 'bob' = 'ada', step = 'each') =>
  server.request(`/api/v1/tasks/${id}/steps/${step}/failed-items${query}`, { as })

test('it is paused, resumed, and worked on by more at once', async () => {
  for (const action of ['pause', 'resume']) expect((await steer(action)).status).toBe(200)
  expect((await bodyOf(await steer('concurrency', { concurrency: 4 }), taskSchema)).id).toBe(id)
  expect((await steer('concurrency', { concurrency: 0 })).status).toBe(400)
  expect((await steer('pause', undefined, 'bob')).status).toBe(404)
})

test('the items that failed are listed, in pages, for those who may see them', async () => {
  expect(await bodyOf(await failedItems(), failedItemPageSchema)).toEqual({ items: [], nextPageToken: null })
  const [claim] = await server.engine.work.claimSlices(mine.id, 1)
  if (claim === undefined) throw new Error('There is no slice.')
  const failed = (item: string) => ({ item, code: 'bad', title: 'Bad', detail: `It is ${item}.`, attempts: 2 })
  const failures = ['a', 'b', 'd'].map(failed)
  await server.engine.work.flushSlice(claim, { from: 0, to: 4, failures, appended: {}, lines: [] })

  const first = await failedItems('?limit=2')
  expect(first.headers.get('cache-control')).toBe('private, no-store')
  const page = await bodyOf(first, failedItemPageSchema)
  expect(page.items).toEqual([
    { key: 'a', code: 'bad', title: 'Bad', detail: 'It is a.', attempts: 2 },
    { key: 'b', code: 'bad', title: 'Bad', detail: 'It is b.', attempts: 2 },
  ])
  const next = await bodyOf(await failedItems(`?limit=2&page_token=${page.nextPageToken}`), failedItemPageSchema)
  expect(next).toMatchObject({ items: [{ key: 'd' }], nextPageToken: null })

  expect(await problemOf(await failedItems('?page_token=x'))).toMatchObject({ code: 'page-token-invalid', status: 400 })
  expect(await problemOf(await failedItems('', 'ada', 'none'))).toMatchObject({ code: 'step-unknown', status: 404 })
  expect(await problemOf(await failedItems('', 'bob'))).toMatchObject({ code: 'task-unknown', status: 404 })
})
