import { fileURLToPath } from 'node:url'
import type { WorkerPort } from '@errand/engine'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Bed, changedPort, who } from '../test/bed.ts'

const fanOuts = fileURLToPath(new URL('../test/packs/fan-outs.ts', import.meta.url))
let bed: Bed
beforeEach(async () => {
  bed = await Bed.open()
})
afterEach(() => bed[Symbol.asyncDispose]())

const worker = (changes: Partial<WorkerPort>) =>
  bed.worker({ packs: [{ use: fanOuts }], graceMs: 60_000, engine: { work: changedPort(bed.engine.work, changes) } })

test('a connection that breaks while items are listed, and again while outputs are put together, fails nothing', async () => {
  const { work } = bed.engine
  let pages = 0
  let composed = 0
  await worker({
    planItems: (claim, page) => {
      pages += 1
      if (pages === 2) throw new Error('Connection terminated unexpectedly')
      return work.planItems(claim, page)
    },
    compose: (...args) => {
      composed += 1
      if (composed === 1) throw new Error('Connection terminated unexpectedly')
      return work.compose(...args)
    },
  })
  const { task } = await bed.run('once-each', { count: 12_000 })
  expect(task).toMatchObject({ state: 'completed', failure: null })
  expect(task.steps[0]?.progress).toMatchObject({ done: 12_000, total: 12_000 })
  expect(composed).toBe(2)
})

test('a cancel ends what puts the outputs together, however long that would take', async () => {
  const composing = Promise.withResolvers<void>()
  await worker({
    compose: (_claim, _edges, signal) => {
      composing.resolve()
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    },
  })
  const { ended, id } = await bed.start('once-each', { count: 10 })
  await composing.promise
  await bed.engine.cancel(id, who)
  expect((await ended).task.state).toBe('canceled')
})
