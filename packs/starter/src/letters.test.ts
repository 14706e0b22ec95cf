import { createTestbed, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

let bed: Testbed
beforeAll(async () => {
  bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url) })
})
afterAll(() => bed.close())

const input = { occasion: 'Graduation', perSecond: 10_000 }
const list = (names: readonly string[]) => ({ names: { content: names.join('\n'), filename: 'names.txt' } })

test('everybody has a letter, in the order of the list', async () => {
  const names = Array.from({ length: 200 }, (_, index) => `Learner ${index + 1}`)
  const run = (await bed.run('letters', { input, uploads: list(names) })).assertCompleted()
  expect(run.artifact('letters').filename).toBe('Graduation-letters.txt')
  const text = await run.artifact('letters').text()
  expect(text.match(/^Dear (.*),$/gm)).toEqual(names.map((name) => `Dear ${name},`))
  expect(run.logs).toContain('200 of 200 letters are written.')
})

test('who cannot have one is listed, and the others have theirs', async () => {
  const names = Array.from({ length: 20 }, (_, index) => (index === 6 ? 'x'.repeat(61) : `Learner ${index + 1}`))
  const run = await bed.run('letters', { input, uploads: list(names) })
  expect(run.state).toBe('completed_with_errors')
  expect((await run.artifact('letters').text()).match(/^Dear /gm)).toHaveLength(19)
  expect(await run.artifact('errors').text()).toContain('7,name-too-long')
})

test('when too many cannot, the task fails and says so', async () => {
  const run = await bed.run('letters', { input, uploads: list(['Ada', 'x'.repeat(61)]) })
  expect(run.failure).toMatchObject({ code: 'too-many-items-failed', step: 'write' })
})

test('an empty list is refused before anything is written', async () => {
  const run = await bed.run('letters', { input, uploads: list(['', ' ']) })
  expect(run.failure).toMatchObject({ code: 'no-names', step: 'read' })
})
