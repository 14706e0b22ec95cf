import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestbed, type Testbed } from './testbed.ts'

const pack = new URL('../test/greetings.ts', import.meta.url)
let bed: Testbed

beforeAll(async () => {
  bed = await createTestbed({ pack })
})

afterAll(() => bed.close())

test('a run has its file, its steps and its transitions', async () => {
  const run = (await bed.run('hello', { input: { who: 'Ada' } })).assertCompleted()
  expect(await run.artifact('card').text()).toBe('Hello Ada')
  expect(run.artifact('card')).toMatchObject({ filename: 'card.txt', size: 9 })
  expect(run.step('write').state).toBe('completed')
  const moves = run.transitions.filter(({ step }) => step === null).map(({ to }) => to)
  expect(moves).toEqual(['pending', 'running', 'completed'])
})

test('a store can be prepared and looked into', async () => {
  await bed.store('cards').put('last', 'Hello nobody')
  const run = await bed.run('hello')
  expect(run.logs).toEqual(['the last was Hello nobody'])
  expect(Buffer.from((await bed.store('cards').get('last')) ?? []).toString()).toBe('Hello World')
})

test.each([
  ['a text', { content: 'a\nb\n', filename: 'two.txt' }, { lines: 2, file: 'two.txt' }],
  ['bytes', Buffer.from('a\n'), { lines: 1, file: 'lines' }],
  ['a stream', { content: [Buffer.from('a\n'), Buffer.from('b\n')] }, { lines: 2, file: 'lines' }],
])('an upload can be %s', async (_kind, lines, expected) => {
  const run = await bed.run('count', { uploads: { lines } })
  expect(await run.artifact('count').json()).toEqual(expected)
})

test('an upload can be a file', async () => {
  const run = await bed.run('count', { uploads: { lines: { path: pack } } })
  expect(await run.artifact('count').json()).toMatchObject({ file: 'greetings.ts' })
})

test('a failure is as its user sees it, and has the stack besides', async () => {
  const run = await bed.run('count', { uploads: { lines: { content: '' } } })
  expect(run.failure).toMatchObject({ code: 'no-lines', step: 'count' })
  const broken = await bed.run('breaks')
  expect(broken.failure?.code).toBe('unexpected')
  expect(broken.failure?.stack).toContain('RangeError: the wheel came off')
  expect(() => broken.assertCompleted()).toThrow('The task is failed, not completed: unexpected')
  expect(() => broken.artifact('card')).toThrow('There is no file in "card"; there are: none. The task is failed.')
})

test('what cannot start is thrown', async () => {
  await expect(bed.run('count')).rejects.toMatchObject({ code: 'upload-missing' })
  await expect(bed.run('nothing')).rejects.toMatchObject({ code: 'definition-unknown' })
})

test('a task can be canceled when it has come to a point', async () => {
  const task = await bed.start('waits')
  await task.logged('waiting')
  await task.cancel()
  const run = await task.ended
  expect(run.state).toBe('canceled')
  await expect(task.logged('never')).rejects.toThrow('never logged "never". It logged waiting.')
})
