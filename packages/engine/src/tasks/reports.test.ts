import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { until } from '../test-support/until.ts'
import type { Claim } from '../types.ts'
import { readLogs } from './read.ts'

const single = shapeOf([stepOf('a')], { name: 'single' })

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [single])
  })
  afterAll(() => rooms.close())

  const start = async () => (await rooms.submit({ definition: 'single', input: {} })).id
  const linesOf = async (id: string) => (await readLogs(rooms.services.db, id)).map(({ message }) => message)

  test('what a step says is stored before it ends, in order', async () => {
    const id = await start()
    const claim = await rooms.claimOf(id)
    for (let done = 0; done <= 50; done++) {
      await rooms.work.progress(claim, { done, total: 50 })
      await rooms.work.log(claim, `line ${done}`)
    }
    await rooms.work.complete(claim, null)
    expect(await linesOf(id)).toEqual(Array.from({ length: 51 }, (_, n) => `line ${n}`))
    expect((await rooms.task(id)).steps[0]?.progress).toMatchObject({ done: 50, total: 50 })
  })

  test('nothing that a lost attempt says is stored, and its successor is heard', async () => {
    const id = await start()
    const stale = await rooms.claimOf(id)
    await rooms.work.log(stale, 'before it was lost')
    await rooms.work.progress(stale, { done: 1 })
    await rooms.lapse(single)
    const claim = await rooms.claimOf(id)
    await rooms.work.log(stale, 'after it was lost')
    await rooms.work.progress(stale, { done: 99 })
    await rooms.work.log(claim, 'from the next')
    await rooms.work.progress(claim, { done: 2 })
    await expect(rooms.work.saveOnce(stale, 'key', 1)).rejects.toMatchObject({ code: 'claim-lost' })
    await rooms.work.saveOnce(claim, 'key', 2)
    await rooms.work.complete(claim, null)
    await rooms.work.log(claim, 'after the end')
    // Lines are written in order: once a later one of another task is there, these would be.
    const later = await rooms.claimOf(await start())
    await rooms.work.log(later, 'later')
    await until(async () => (await linesOf(later.taskId)).length === 1, 'the later line')
    expect((await linesOf(id)).filter((line) => line.startsWith('after'))).toEqual([])
    expect(await linesOf(id)).toContain('from the next')
    expect((await rooms.task(id)).steps[0]?.progress).toMatchObject({ done: 2 })
  })

  test('characters that the database refuses stop neither the step nor its neighbours', async () => {
    const [odd, plain] = [await start(), await start()]
    const claims: Claim[] = []
    while (claims.length < 2) claims.push(...(await rooms.claim()))
    const [oddClaim, plainClaim] = [odd, plain].map((id) => claims.find(({ taskId }) => taskId === id))
    if (oddClaim === undefined || plainClaim === undefined) throw new Error('Not both were claimed.')
    await rooms.work.log(oddClaim, 'a NUL \0 and half an emoji \ud83d')
    await rooms.work.log(oddClaim, '😀'.repeat(defaults.logLineLimit))
    await rooms.work.progress(oddClaim, { done: 1, message: '\0' })
    await rooms.work.log(plainClaim, 'plain')
    await rooms.work.saveCheckpoint(oddClaim, { '\0': '\ud83d' })
    await rooms.work.saveOnce(oddClaim, 'k\0', '\0')
    await rooms.work.complete(plainClaim, null)
    await rooms.work.complete(oddClaim, { text: '\0' })
    expect(await linesOf(plain)).toEqual(['plain'])
    const [first, second] = await linesOf(odd)
    expect(first).toBe('a NUL \ufffd and half an emoji \ufffd')
    expect(second?.isWellFormed()).toBe(true)
    expect((await rooms.task(odd)).state).toBe('completed')
  })

  test('a failure with characters that the database refuses is a failure all the same', async () => {
    const id = await start()
    await rooms.work.fail(await rooms.claimOf(id), {
      code: 'x',
      title: 'Bad \0',
      detail: '\ud83d',
      retryable: false,
      reference: 'r',
    })
    expect(await rooms.task(id)).toMatchObject({ state: 'failed', failure: { title: 'Bad \ufffd', detail: '\ufffd' } })
  })

  test('a flood of lines is cut at the limit, whether it comes at once or bit by bit', async () => {
    const atOnce = await start()
    const first = await rooms.claimOf(atOnce)
    for (let n = 0; n < defaults.logLines + 500; n++) await rooms.work.log(first, `${n}`)
    await rooms.work.complete(first, null)
    expect(await linesOf(atOnce)).toHaveLength(defaults.logLines)

    const bitByBit = await start()
    const second = await rooms.claimOf(bitByBit)
    for (let part = 0; part < 3; part++) {
      for (let n = 0; n < defaults.logLines * 0.4; n++) await rooms.work.log(second, `${part}.${n}`)
      const stored = Math.min(defaults.logLines, (part + 1) * defaults.logLines * 0.4)
      await until(async () => (await linesOf(bitByBit)).length === stored, `${stored} lines`)
    }
    await rooms.work.complete(second, null)
    const lines = await linesOf(bitByBit)
    expect(lines).toHaveLength(defaults.logLines)
    expect(lines[0]).toBe('0.0')
    expect(lines.at(-1)).toBe(`2.${defaults.logLines * 0.2 - 1}${defaults.logFull}`)
    expect(lines.filter((line) => line.endsWith(defaults.logFull))).toHaveLength(1)
  })

  test('a checkpoint or a kept value over the limit is refused by name, and the step goes on', async () => {
    const claim = await rooms.claimOf(await start())
    const big = 'x'.repeat(defaults.checkpointLimit)
    await expect(rooms.work.saveCheckpoint(claim, big)).rejects.toMatchObject({ code: 'checkpoint-too-large' })
    await expect(rooms.work.saveOnce(claim, 'k', big)).rejects.toMatchObject({ code: 'once-too-large' })
    await rooms.work.saveCheckpoint(claim, big.slice(2))
    await rooms.work.complete(claim, null)
    expect((await rooms.task(claim.taskId)).state).toBe('completed')
  })

  test('a result over the limit is refused by name, and the step can still fail', async () => {
    const claim = await rooms.claimOf(await start())
    const big = 'x'.repeat(defaults.resultLimit)
    await expect(rooms.work.complete(claim, big)).rejects.toMatchObject({ code: 'result-too-large', status: 422 })
    expect((await rooms.task(claim.taskId)).state).toBe('running')
    await rooms.work.complete(claim, big.slice(2))
    expect((await rooms.task(claim.taskId)).state).toBe('completed')
  })

  test('a step that saves something new is never taken for one that ends its workers', async () => {
    const id = await start()
    for (let times = 0; times < 2 * defaults.losses; times++) {
      const claim = await rooms.claimOf(id)
      if (times % 2 === 0) await rooms.work.saveCheckpoint(claim, { at: times })
      else await rooms.work.saveOnce(claim, `part ${times}`, true)
      await rooms.lapse(single)
    }
    const claim = await rooms.claimOf(id)
    await rooms.lapse(single)
    // The same again is nothing new.
    for (let times = 1; times < defaults.losses - 1; times++) {
      const next = await rooms.claimOf(id)
      await rooms.work.saveCheckpoint(next, claim.checkpoint)
      await rooms.work.saveOnce(next, 'part 1', true)
      await rooms.lapse(single)
    }
    expect((await rooms.task(id)).state).toBe('running')
    await until(async () => {
      await rooms.work.claim(rooms.worker.id, 10)
      return (await rooms.task(id)).state === 'failed'
    }, 'the end of the step')
    expect((await rooms.task(id)).failure?.code).toBe('worker-lost')
  })

  test('a step handed back keeps its checkpoint and what it kept', async () => {
    const id = await start()
    const claim = await rooms.claimOf(id)
    await rooms.work.saveCheckpoint(claim, { at: 5 })
    await rooms.work.saveOnce(claim, 'mail', { sent: true })
    await rooms.work.saveOnce(claim, 'other', null)
    await rooms.work.release(claim)
    expect(await rooms.claimOf(id)).toMatchObject({
      checkpoint: { at: 5 },
      once: { mail: { sent: true }, other: null },
    })
  })
})
