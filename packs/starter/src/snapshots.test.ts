import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createTestbed, type TaskSnapshot, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { letters } from './letters.ts'

/**
 * Tasks run for a long time, so there are always some under way when a new version comes. For each version that was
 * ever out, `snapshots/` has a task that was in the middle of its work; the code of today must finish them all.
 *
 * A new version gets its own snapshot the first time the tests run with it. Commit it, and leave the older ones alone.
 */

const { name, version } = letters.shape
const names = { content: Array.from({ length: 60 }, (_, index) => `Learner ${index + 1}`).join('\n') }
const fileOf = (one: number) => new URL(`../snapshots/${name}-${one}.json`, import.meta.url)

let bed: Testbed
beforeAll(async () => {
  bed = await createTestbed({ pack: new URL('./index.ts', import.meta.url) })
})
afterAll(() => bed.close())

test('the version of today has a snapshot', async () => {
  if (existsSync(fileOf(version))) return
  expect(process.env.CI, `snapshots/${name}-${version}.json is missing: run the tests, and commit it`).toBeUndefined()
  // One letter a second: it stands in the middle for as long as this takes.
  const task = await bed.start(name, { input: { occasion: 'Graduation', perSecond: 1 }, uploads: { names } })
  await task.logged('60 names')
  await writeFile(fileOf(version), `${JSON.stringify(await bed.snapshot(task.id), null, 2)}\n`)
  await task.cancel()
  await task.ended
})

test.each(Array.from({ length: version }, (_, index) => index + 1))('what version %i left is finished', async (one) => {
  const snapshot: TaskSnapshot = JSON.parse(await readFile(fileOf(one), 'utf8'))
  const hurried = { ...snapshot, input: { ...snapshot.input, perSecond: 10_000 } }
  const run = (await bed.finish(hurried, { uploads: { names } })).assertCompleted()
  expect((await run.artifact('letters').text()).match(/^Dear .*,\nyou are invited: Graduation\.$/gm)).toHaveLength(60)
})
