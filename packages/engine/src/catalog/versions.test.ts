import { randomUUID } from 'node:crypto'
import { type DefinitionShape, defineTask } from '@errand/task'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from '../test-support/databases.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import type { Engine, WorkerInfo } from '../types.ts'

const someone = (): WorkerInfo => ({ id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 1 })
const register = (engine: Engine, ...shapes: DefinitionShape[]) => engine.work.register(someone(), shapes)
const version = (name: string, number: number, more: Partial<DefinitionShape> = {}) =>
  shapeOf([stepOf('work')], { name, version: number, ...more })
const promotedOf = async (engine: Engine, name: string) =>
  (await engine.definitions(staff, { name, promoted: true })).map((one) => one.version)

onBothDatabases((kind) => {
  let open: TestEngine
  let engine: Engine
  beforeAll(async () => {
    open = await openTestEngine(kind)
    engine = open.engine
  })
  afterAll(() => open.close())

  describe('what new tasks get', () => {
    test('the first version is promoted by itself, and the next when somebody says so; back is the same', async () => {
      await register(engine, version('first', 1))
      await register(engine, version('first', 2))
      expect(await promotedOf(engine, 'first')).toEqual([1])
      const one = (await engine.submit({ definition: 'first', input: {} }, ada)).task
      expect(await engine.promote('first', 2, staff)).toMatchObject({ version: 2, promoted: true })
      expect(await promotedOf(engine, 'first')).toEqual([2])
      const two = (await engine.submit({ definition: 'first', input: {} }, ada)).task
      expect([one.version, two.version]).toEqual([1, 2])
      // The task that was there keeps its version; run again, it is a new task with the new one.
      expect((await engine.getTask(one.id, ada)).version).toBe(1)
      expect((await engine.runAgain(one.id, ada)).task.version).toBe(2)
      await engine.promote('first', 1, staff)
      expect(await promotedOf(engine, 'first')).toEqual([1])
    })

    test('of several that come together to a new name, the newest', async () => {
      await register(engine, version('both', 1), version('both', 2))
      expect(await promotedOf(engine, 'both')).toEqual([2])
    })

    test('a version that promotes itself does so once: not when its worker comes back, not over a newer one', async () => {
      await register(engine, version('self', 2))
      await register(engine, version('self', 3, { promote: 'on-register' }))
      expect(await promotedOf(engine, 'self')).toEqual([3])
      await engine.promote('self', 2, staff)
      await register(engine, version('self', 3, { promote: 'on-register' }))
      await register(engine, version('self', 1, { promote: 'on-register' }))
      expect(await promotedOf(engine, 'self')).toEqual([2])
    })

    test('is decided by staff, and only about what there is', async () => {
      await register(engine, version('known', 1))
      await expect(engine.promote('known', 1, bob)).rejects.toMatchObject({ code: 'forbidden' })
      await expect(engine.retire('known', 1, bob)).rejects.toMatchObject({ code: 'forbidden' })
      await expect(engine.promote('known', 7, staff)).rejects.toMatchObject({ code: 'definition-unknown' })
      await expect(engine.retire('nothing', 1, staff)).rejects.toMatchObject({ code: 'definition-unknown' })
    })
  })

  describe('retiring a version', () => {
    test('is refused while new tasks get it or one is open on it, saying which', async () => {
      await register(engine, version('old', 1), version('old', 2))
      await expect(engine.retire('old', 2, staff)).rejects.toMatchObject({
        code: 'definition-promoted',
        title: 'old v2 is what new tasks get',
        hint: 'Promote another first: errand definitions promote old@1.',
      })
      const { task } = await engine.submit({ definition: 'old', version: 1, input: {} }, ada)
      await expect(engine.retire('old', 1, staff)).rejects.toMatchObject({
        code: 'definition-in-use',
        title: '1 task is open on old v1',
        detail: `1 pending: ${task.id}.`,
        hint: 'Let them end, with a worker that serves the version, or cancel them; then retire it.',
      })
      await engine.cancel(task.id, ada)
      expect((await engine.retire('old', 1, staff)).retiredAt).toBeInstanceOf(Date)
      await expect(engine.submit({ definition: 'old', version: 1, input: {} }, ada)).rejects.toMatchObject({
        code: 'definition-retired',
      })
      // A worker that still has it may start; promoting it brings it back.
      await register(engine, version('old', 1))
      expect(await engine.promote('old', 1, staff)).toMatchObject({ promoted: true, retiredAt: null })
    })

    test('and submits at the same time never leave an open task on a retired version', async () => {
      await register(engine, version('race', 1), version('race', 2))
      const submits = Array.from({ length: 40 }, async () => {
        const { task } = await engine.submit({ definition: 'race', version: 1, input: {} }, ada)
        await engine.cancel(task.id, ada)
      })
      const retires = Array.from({ length: 20 }, () => engine.retire('race', 1, staff))
      await Promise.allSettled([...submits, ...retires])
      const [one, ...none] = await engine.definitions(staff, { name: 'race', version: 1 })
      expect(none).toEqual([])
      expect(one?.retiredAt === null || one?.open === 0).toBe(true)
    })
  })

  describe('a version that is registered already', () => {
    const make = (greeting: string) =>
      defineTask({ name: 'kept', version: 1, title: 'Kept', input: z.object({ course: z.string(), year: z.int() }) })
        .step('read', {}, () => greeting)
        .step('write', { after: ['read'] }, () => null)
    const { shape } = make('hello')
    const [read, write] = shape.steps as [DefinitionShape['steps'][0], DefinitionShape['steps'][0]]
    beforeAll(() => register(engine, shape))

    test.each<[string, DefinitionShape]>([
      ['itself', shape],
      ['with other code', make('good morning').shape],
      ['with its parts said in another order', Object.fromEntries(Object.entries(shape).reverse()) as DefinitionShape],
    ])('may be registered again: %s', async (_what, again) => {
      await register(engine, again)
    })

    test.each<[string, Partial<DefinitionShape>, string]>([
      ['a step removed', { steps: [read] }, 'step "write" was removed.'],
      ['a step added', { steps: [read, write, stepOf('tidy')] }, 'step "tidy" was added.'],
      [
        'an input field required',
        {
          input: {
            ...shape.input,
            properties: { ...(shape.input.properties as object), term: {} },
            required: ['course', 'year', 'term'],
          },
        },
        'input field "term" was added and is required.',
      ],
      ['a title changed', { title: 'Other' }, '"title" was changed from "Kept" to "Other".'],
    ])('is refused with %s', async (_what, changes, detail) => {
      await register(engine, { ...shape, version: 2 })
      const worker = someone()
      const refused = engine.work.register(worker, [version('kept-too', 1), { ...shape, ...changes }])
      await expect(refused).rejects.toMatchObject({
        code: 'definition-conflict',
        status: 409,
        title: 'kept v1 is registered already, and it is another one',
        detail,
        hint: 'A version never changes once it is registered: raise it to 3.',
      })
      // All of a registration or nothing of it.
      expect((await engine.definitions(staff)).some((one) => one.name === 'kept-too')).toBe(false)
      expect((await engine.workers(staff)).some((one) => one.id === worker.id)).toBe(false)
    })
  })
})
