import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { FanOutPlay, fanOutShape } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { readMeasures } from './measures.ts'

const short = shapeOf([stepOf('a', { retry: { attempts: 1, backoff: 'fixed', delay: 1, maxDelay: 1 } })], {
  name: 'short',
})

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [short, fanOutShape])
  })
  afterAll(() => rooms.close())

  /** A task that waited and ran so many seconds, and ended so many ago. */
  const past = async (wait: number, run: number, ago: number, code?: string) => {
    const { id } = await rooms.submit({ definition: 'short', input: {} })
    const claim = await rooms.claimOf(id)
    if (code === undefined) await rooms.work.complete(claim, null)
    else await rooms.work.fail(claim, { code, title: 'It fails', detail: '', retryable: false, reference: 'r' })
    await sql`UPDATE errand.tasks SET finished_at = now() - make_interval(secs => ${ago}),
      started_at = now() - make_interval(secs => ${ago + run}),
      created_at = now() - make_interval(secs => ${ago + run + wait}) WHERE id = ${id}::uuid`.execute(rooms.services.db)
  }

  test('what is open, in which state and how many slices of it; what ended lately, how, and how long it took', async () => {
    expect(await readMeasures(rooms.services.db)).toEqual({ open: [], slices: [], ended: [], failures: [] })
    for (const n of [1, 2, 3]) await past(n, n * 10, 60)
    await past(1, 1, 60, 'no-paper')
    await past(1, 1, 60, 'no-paper')
    await past(1, 1, 60, 'no-ink')
    // Over for longer than anybody asks.
    await past(500, 500, 3_600)
    await past(500, 500, 3_600, 'no-ink')
    await new FanOutPlay(rooms).planned(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    // After it: who plays the worker drops what else there is to be done.
    await rooms.submit({ definition: 'short', input: {} })
    const { ended, failures, open, slices } = await readMeasures(rooms.services.db)
    const of = { definition: 'short', version: 1 }
    expect(failures).toEqual([
      { ...of, code: 'no-ink', count: 1 },
      { ...of, code: 'no-paper', count: 2 },
    ])
    expect(open).toEqual([
      { definition: fanOutShape.name, version: 1, state: 'running', count: 1 },
      { ...of, state: 'pending', count: 1 },
    ])
    expect(slices).toEqual([{ definition: fanOutShape.name, version: 1, state: 'ready', count: 2 }])
    expect(ended.map(({ state }) => state)).toEqual(['completed', 'failed'])
    expect(ended[0]).toMatchObject({ ...of, count: 3 })
    const rounded = (spread: (typeof ended)[number]['run']) =>
      Object.fromEntries(Object.entries(spread ?? {}).map(([name, value]) => [name, Math.round(value)]))
    expect(rounded(ended[0]?.wait ?? null)).toEqual({ median: 2, p95: 3, longest: 3 })
    expect(rounded(ended[0]?.run ?? null)).toEqual({ median: 20, p95: 29, longest: 30 })
    expect(ended[1]).toMatchObject({ ...of, count: 3, state: 'failed' })
  })
})
