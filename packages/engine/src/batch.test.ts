import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batched, type Outcome } from './batch.ts'
import { until } from './test-support/until.ts'

const ok = <T>(value: T): Outcome<T> => ({ ok: true, value })

test('requests made together travel together, and a lone one waits for nothing', async () => {
  const batches: number[][] = []
  const double = batched<number, number>(
    async (inputs) => {
      batches.push([...inputs])
      return inputs.map((input) => ok(input * 2))
    },
    { max: 64, parallel: 1 },
  )
  expect(await double(1)).toBe(2)
  expect(await Promise.all([2, 3, 4].map(double))).toEqual([4, 6, 8])
  expect(batches).toEqual([[1], [2, 3, 4]])
})

test('a batch that waits for long does not keep the next from beginning, unless too many do', async () => {
  const gates = new Map<number, () => void>()
  const begun: number[] = []
  const run = batched<number, number>(
    async (inputs) => {
      begun.push(...inputs)
      for (const input of inputs) await new Promise<void>((resolve) => gates.set(input, resolve))
      return inputs.map(ok)
    },
    { max: 1, parallel: 1, slow: { after: 1, most: 2 } },
  )
  const answers = [1, 2, 3, 4].map(run)
  // Each begins when the one before is found to be slow; the third is the one that may be under way.
  await until(() => begun.length === 3, 'the third')
  gates.get(3)?.()
  expect(await answers[2]).toBe(3)
  await until(() => begun.length === 4, 'the fourth')
  for (const open of gates.values()) open()
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4])
})

test('what comes while batches are under way gathers for the next, and no batch is larger than allowed', async () => {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const sizes: number[] = []
  let running = 0
  let most = 0
  const run = batched<number, number>(
    async (inputs) => {
      most = Math.max(most, ++running)
      sizes.push(inputs.length)
      await gate
      running--
      return inputs.map(ok)
    },
    { max: 3, parallel: 2 },
  )
  const all = Promise.all(Array.from({ length: 10 }, (_, index) => run(index)))
  await new Promise((resolve) => setImmediate(resolve))
  open()
  expect(await all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(sizes).toEqual([3, 3, 3, 1])
  expect(most).toBe(2)
})

test('one that is refused does not fail its neighbours', async () => {
  const run = batched<number, number>(
    async (inputs) => inputs.map((input) => (input === 2 ? { ok: false, error: new Error('not two') } : ok(input))),
    { max: 10, parallel: 1 },
  )
  const [one, two, three] = await Promise.allSettled([1, 2, 3].map(run))
  expect([one, three]).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'fulfilled', value: 3 },
  ])
  expect(two).toMatchObject({ status: 'rejected', reason: { message: 'not two' } })
})

test('a request without an answer is told so', async () => {
  const run = batched<number, number>(async (inputs) => inputs.slice(1).map(ok), { max: 10, parallel: 1 })
  await expect(run(1)).rejects.toThrow('gave no answer')
})

test('whichever requests throw, each gets its own answer, in a batch or alone', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ id: fc.nat(), bad: fc.boolean() }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 3 }),
      async (requests, max, parallel) => {
        const run = batched<{ id: number; bad: boolean }, number>(
          async (inputs) => {
            for (const { bad, id } of inputs) if (bad) throw new Error(`bad ${id}`)
            return inputs.map(({ id }) => ok(id))
          },
          { max, parallel },
        )
        const answers = await Promise.allSettled(requests.map(run))
        for (const [index, answer] of answers.entries()) {
          const request = requests[index]
          if (answer.status === 'fulfilled') expect([answer.value, false]).toEqual([request?.id, request?.bad])
          else expect(answer.reason).toEqual(new Error(`bad ${request?.id}`))
        }
      },
    ),
    { numRuns: 200 },
  )
})
