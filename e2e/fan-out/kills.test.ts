import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { fileOf } from './pack/index.ts'
import { openPlace } from './place.ts'

/** A fan-out while everything it stands on is killed: each row is in the file once, in order. */

const PACK = fileURLToPath(new URL('./pack/index.ts', import.meta.url))
const LONG = process.env.ERRAND_LONG === '1'
/** Items, and milliseconds each waits: enough that the work goes on while faults are injected, on a fast machine too. */
const SIZE = LONG ? { items: 100_000, pause: 5 } : { items: 8_000, pause: 10 }
/** Milliseconds between two kills, at least: the next worker must be there first. */
const KILL_MS = 3_000
/** Kills, at least: the task is larger than what is done between them. */
const KILLS = LONG ? 10 : 2
/** The kills after which the database is restarted. */
const RESTARTS = LONG ? [3, 6] : [1, 2]
const WORKERS = 3

test(`${SIZE.items} items, while workers are killed and the database is restarted twice`, {
  timeout: 900_000,
}, async () => {
  await using place = await openPlace(PACK, WORKERS)
  const { id } = await place.client.submit({ definition: 'hard', input: { ...SIZE } })
  let over = false
  const ended = place.over(id).finally(() => {
    over = true
  })
  let kills = 0
  while (!over) {
    // What is measured out is the fault, not a wait for something that happens.
    await Promise.race([ended, delay(KILL_MS)])
    if (over) break
    await place.killWorker()
    kills++
    if (RESTARTS.includes(kills)) {
      await place.cluster.stopImmediate()
      await place.cluster.start()
    }
  }
  const task = await ended
  expect(task).toMatchObject({ state: 'completed', failure: null })
  expect(kills).toBeGreaterThanOrEqual(KILLS)
  const write = task.steps.find(({ name }) => name === 'write')
  expect(write).toMatchObject({ state: 'completed', progress: { done: SIZE.items, total: SIZE.items } })
  // Of both texts the first difference is shown, not a hundred thousand lines.
  expect(firstDifference(await place.read(task, 'rows'), fileOf(SIZE.items))).toBeUndefined()
})

function firstDifference(found: string, expected: string): string | undefined {
  if (found === expected) return undefined
  const [here, there] = [found.split('\r\n'), expected.split('\r\n')]
  const line = there.findIndex((each, index) => each !== here[index])
  return `line ${line + 1} is "${here[line]}", not "${there[line]}"; ${here.length} lines, not ${there.length}`
}
