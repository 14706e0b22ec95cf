import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { TaskView } from '@errand/engine'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Bed, who } from '../test/bed.ts'

const fanOuts = fileURLToPath(new URL('../test/packs/fan-outs.ts', import.meta.url))
let bed: Bed

beforeAll(async () => {
  bed = await Bed.open()
  await bed.worker({ packs: [{ use: fanOuts }], concurrency: 3 })
})

afterAll(() => bed[Symbol.asyncDispose]())

async function content(task: TaskView, slot: string): Promise<string> {
  const id = task.artifacts.find((each) => each.slot === slot)?.id
  if (id === undefined) throw new Error(`There is no ${slot}.`)
  return text((await bed.engine.openArtifact(id, who)).body)
}

function lines(count: number, without: number[] = []): string {
  const rows = Array.from({ length: count }, (_, n) => n).filter((n) => !without.includes(n))
  return `n\r\n${rows.map((n) => `${n}\r\n`).join('')}of ${count}\r\n`
}

test('every item has its row, in order, between header and footer', async () => {
  const { task, logs } = await bed.run('rows', { count: 12_345 })
  expect(task.failure).toBeNull()
  expect(task.state).toBe('completed')
  expect(logs.map((line) => JSON.parse(line))).toEqual([{ total: 12_345, completed: 12_345, failed: 0 }])
  expect(await content(task, 'report')).toBe(lines(12_345))
  expect(task.artifacts.map(({ slot }) => slot)).toEqual(['report'])
  expect(task.steps[1]?.progress).toMatchObject({ done: 12_345, total: 12_345, unit: 'items' })
})

test('no items at all are none', async () => {
  const { task } = await bed.run('rows', { count: 0 })
  expect(task.state).toBe('completed')
  expect(await content(task, 'report')).toBe('n\r\nof 0\r\n')
})

test('a file goes on with what an earlier step wrote in its slot, and takes its place', async () => {
  const { task } = await bed.run('goes-on')
  expect(task).toMatchObject({ state: 'completed', failure: null })
  expect(task.artifacts.map(({ slot, state }) => `${slot} ${state}`)).toEqual(['report available'])
  expect(await content(task, 'report')).toBe(`begun ${'é'.repeat(200_000)}\nitems\n0\n1\n2\n3\n4\nmore 0\nmore 1\n`)
})

test('items fail by themselves, and are listed; what throws twice is there, in its place', async () => {
  const { task } = await bed.run('rows', { count: 1_000, fails: [7, 999], twice: [0, 1, 500] })
  expect(task.state).toBe('completed_with_errors')
  expect(await content(task, 'report')).toBe(lines(1_000, [7, 999]))
  expect(await content(task, 'errors')).toBe(
    'key,code,title,detail,attempts\r\n7,row-bad,The row is bad,No 7,1\r\n999,row-bad,The row is bad,No 999,1\r\n',
  )
})

test('too many failures end the step at once, and are listed', async () => {
  const { task } = await bed.run('rows', { count: 20_000, fails: [1, 2, 3, 4] })
  expect(task.state).toBe('failed')
  expect(task.failure).toMatchObject({ code: 'too-many-items-failed', step: 'write' })
  expect((await content(task, 'errors')).split('\r\n')).toHaveLength(6)
  expect(task.artifacts.map(({ slot }) => slot)).toEqual(['errors'])
})

test('an item that ends its thread fails alone', async () => {
  const { task } = await bed.run('rows', { count: 500, exits: [123] })
  expect(task.state).toBe('completed_with_errors')
  expect(await content(task, 'report')).toBe(lines(500, [123]))
  expect(await content(task, 'errors')).toMatch(/\r\n123,step-exited,/)
})

test('only the failed items are run again', async () => {
  const { task } = await bed.run('rows', { count: 100, fails: [5, 50] })
  const again = await bed.engine.runAgain(task.id, who, { failedItems: true })
  const ended = await bed.until(again.task.id)
  expect(ended.origin).toMatchObject({ by: 'retry', of: task.id, failedItems: true })
  expect((await content(ended, 'errors')).split('\r\n').slice(1, 3)).toEqual([
    '5,row-bad,The row is bad,No 5,1',
    '50,row-bad,The row is bad,No 50,1',
  ])
  expect(await content(ended, 'report')).toBe('n\r\nof 100\r\n')
})

test('a task without failed items has none to run again', async () => {
  const { task } = await bed.run('rows', { count: 1 })
  await expect(bed.engine.runAgain(task.id, who, { failedItems: true })).rejects.toMatchObject({
    code: 'nothing-failed',
  })
})

test.each([
  ['no-key', 'The first item has'],
  ['bigint', 'The item "a" cannot be kept as JSON: it.n is a bigint.'],
  ['date', 'The item "b" cannot be kept as JSON: it.at is a Date.'],
])('a list of items that cannot be kept is an error that says so: %s', async (kind, words) => {
  const { task } = await bed.run('bad-items', { kind })
  expect(task.failure).toMatchObject({ code: 'item-invalid', detail: expect.stringContaining(words) })
})

test('of what each item says a line a second is kept, and how many were left out', async () => {
  const { logs, task } = await bed.run('chatty', { count: 3_000 })
  expect(task.state).toBe('completed')
  expect(logs[0]).toBe('item 0')
  expect(logs.length).toBeLessThan(300)
  expect(logs.some((line) => line.endsWith('lines were left out: one a second is kept.'))).toBe(true)
})
