import { createTestbed, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

// The real engine on a database in memory, with real threads. It takes some seconds to make, and each run a moment.
let bed: Testbed
beforeAll(async () => {
  bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url) })
})
afterAll(() => bed.close())

test('the card has the name on it', async () => {
  // assertCompleted says why, with the stack, when it did not.
  const run = (await bed.run('hello', { input: { who: 'Ada' } })).assertCompleted()
  expect(await run.artifact('card').text()).toBe('Hello Ada!\n')
  expect(run.logs).toEqual(['The card is written.'])
})

test('markup is refused, in words for whoever typed it', async () => {
  const run = await bed.run('hello', { input: { who: '<b>' } })
  expect(run.failure).toMatchObject({ code: 'name-with-markup', hint: 'Write the name alone.' })
})

test('without a name there is no task', async () => {
  await expect(bed.run('hello', { input: {} })).rejects.toMatchObject({ code: 'input-invalid' })
})
