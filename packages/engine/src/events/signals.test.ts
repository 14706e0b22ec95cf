import { expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { Signals } from './signals.ts'

test('a pause is ended by what is urgent, and by nothing else that is raised', async () => {
  const signals = new Signals()
  let paused = true
  const pause = signals.pause(3_600_000, performance.now()).then(() => {
    paused = false
  })
  signals.raise()
  await Promise.resolve()
  expect(paused).toBe(true)
  signals.raiseUrgently()
  await pause
  // What came before the pause spares it; what was before the last look does not.
  signals.raiseUrgently()
  await signals.pause(3_600_000, performance.now())
  signals.clear()
  const later = signals.pause(3_600_000, performance.now())
  signals.raiseUrgently()
  await later
})

onBothDatabases((kind) => {
  test('whoever watches a task is told when it is over', async () => {
    const shape = shapeOf([stepOf('only')], { name: 'ends' })
    const rooms = await openEmptyRooms(kind, [shape])
    try {
      const { id } = await rooms.submit({ definition: 'ends', input: {} })
      const told: boolean[] = []
      rooms.services.bus.onTask(id, (over) => told.push(over))
      const claim = await rooms.claimOf(id)
      expect(told).not.toContain(true)
      await rooms.work.complete(claim, null)
      expect(told.at(-1)).toBe(true)
    } finally {
      await rooms.close()
    }
  })
})
