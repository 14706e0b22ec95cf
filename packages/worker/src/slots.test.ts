import { expect, test } from 'vitest'
import { MOST_AHEAD } from './config.ts'
import { Slots } from './slots.ts'

const wanted = new AbortController().signal

/** A hundred steps that take no time. */
async function hurry(slots: Slots): Promise<void> {
  for (let step = 0; step < 100; step++) (await slots.enter(wanted))?.()
}

test('before anything is known about the steps there is room for as many as there are places', async () => {
  const slots = new Slots(2, () => undefined)
  expect(slots.room).toBe(2)
  await slots.enter(wanted)
  expect(slots.room).toBe(1)
  await slots.enter(wanted)
  expect(slots.room).toBe(0)
})

test('places are taken in order, and leaving one twice frees it once', async () => {
  let told = 0
  const slots = new Slots(1, () => told++)
  const order: string[] = []
  const first = await slots.enter(wanted)
  const second = slots.enter(wanted).then((leave) => {
    order.push('second')
    leave?.()
  })
  const third = slots.enter(wanted).then((leave) => {
    order.push('third')
    leave?.()
  })
  first?.()
  first?.()
  await Promise.all([second, third])
  expect(order).toEqual(['second', 'third'])
  expect(told).toBe(3)
  expect(slots.room).toBeGreaterThanOrEqual(1)
})

test('while steps are short there is room for more, asked for in large portions', async () => {
  const slots = new Slots(2, () => undefined)
  await hurry(slots)
  expect(slots.room).toBe(2 + MOST_AHEAD)
  const all = Array.from({ length: 2 + MOST_AHEAD }, () => slots.enter(wanted))
  expect(slots.room).toBe(0)
  const leave = await all[0]
  leave?.()
  expect(slots.room).toBe(0)
  for (let index = 1; index <= MOST_AHEAD / 2; index++) (await all[index])?.()
  expect(slots.room).toBeGreaterThanOrEqual(MOST_AHEAD / 2)
})

test('whoever is not wanted any more leaves the queue', async () => {
  const slots = new Slots(1, () => undefined)
  const leave = await slots.enter(wanted)
  const unwanted = new AbortController()
  const waiting = slots.enter(unwanted.signal)
  unwanted.abort()
  expect(await waiting).toBeUndefined()
  expect(await slots.enter(unwanted.signal)).toBeUndefined()
  leave?.()
  expect(await slots.enter(wanted)).toBeTypeOf('function')
})

test('whoever waits too long gives up, and no more are claimed ahead', async () => {
  const slots = new Slots(1, () => undefined)
  await hurry(slots)
  const leave = await slots.enter(wanted)
  expect(slots.room).toBeGreaterThan(1)
  expect(await slots.enter(wanted)).toBeUndefined()
  expect(slots.room).toBe(0)
  leave?.()
})
