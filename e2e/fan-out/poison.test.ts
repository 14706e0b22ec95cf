import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileOf } from './pack/index.ts'
import { openPlace } from './place.ts'

/** Items that fail, and one that takes its worker along: all others are as if it had not been there. */

const PACK = fileURLToPath(new URL('./pack/index.ts', import.meta.url))
const ITEMS = process.env.ERRAND_LONG === '1' ? 20_000 : 4_000

const aborts = [Math.floor(ITEMS * 0.37)]
const throws = [0, Math.floor(ITEMS / 2), ITEMS - 1]
const twice = Array.from({ length: 10 }, (_, index) => Math.floor((ITEMS * index) / 10) + 17)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-poison-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test(`among ${ITEMS} items one aborts its process, three always fail, ten fail twice`, {
  timeout: 900_000,
}, async () => {
  await using place = await openPlace(PACK, 2)
  const mended = join(folder, 'mended')
  const { client } = place
  const submitted = await client.submit({ definition: 'hard', input: { items: ITEMS, aborts, throws, twice, mended } })
  const task = await place.over(submitted.id)
  expect(task).toMatchObject({ state: 'completed_with_errors' })
  expect(place.ended).toBeGreaterThanOrEqual(1)

  const failed = [...throws, ...aborts].toSorted((a, b) => a - b)
  expect((await place.read(task, 'rows')) === fileOf(ITEMS, failed)).toBe(true)
  const errors = (await place.read(task, 'errors')).trimEnd().split('\r\n').slice(1)
  expect(errors.map((line) => line.split(',').slice(0, 2)).toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual(
    failed.map((n) => [String(n), aborts.includes(n) ? 'worker-lost' : 'never-works']),
  )

  // Whatever it was has been mended: a new task over just those four.
  await writeFile(mended, '')
  const again = await place.over((await client.runAgain(submitted.id, { failedItems: true })).id)
  expect(again).toMatchObject({ state: 'completed', failure: null })
  const all = Array.from({ length: ITEMS }, (_, n) => n)
  expect(await place.read(again, 'rows')).toBe(
    fileOf(
      ITEMS,
      all.filter((n) => !failed.includes(n)),
    ),
  )
})
