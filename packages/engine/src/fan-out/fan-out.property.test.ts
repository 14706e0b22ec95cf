import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { FanOutPlay, fanOutShape, keys, type Slice } from '../test-support/fan-out.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import type { PlannedItem } from '../types.ts'

/** Runs on each database: each is some tens of transactions. */
const RUNS = Number(process.env.ERRAND_FAN_OUT_RUNS ?? 12)
/** Losses in one run, so that no slice meets enough of them for an item to be taken for poison. */
const LOSSES = 3

/** What happens to a slice after it was claimed: some items are done, then this. */
const happening = fc.record({
  count: fc.integer({ min: 0, max: 6 }),
  next: fc.constantFrom('goes on', 'is lost', 'is lost before it is recorded', 'is handed back', 'repeats', 'fails'),
})

const world = fc.record({
  items: fc.integer({ min: 0, max: 40 }),
  pairs: fc.boolean(),
  page: fc.integer({ min: 1, max: 15 }),
  size: fc.integer({ min: 1, max: 12 }),
  failing: fc.uniqueArray(fc.nat({ max: 39 }), { maxLength: 5 }),
  plannerDies: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
  happenings: fc.array(happening, { maxLength: 14 }),
})

onBothDatabases((kind) => {
  let rooms: Rooms
  let play: FanOutPlay
  beforeAll(async () => {
    rooms = await openEmptyRooms(kind, [fanOutShape])
    play = new FanOutPlay(rooms)
    await play.patient()
  })
  afterAll(() => rooms.close())

  test(`${RUNS} runs: each item’s outcome is counted once, and what it appended is there once, in order`, {
    timeout: 300_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ failing, happenings, items, page, pairs, plannerDies, size }) => {
        const all = keys(items)
        const fails = (key: string) => failing.includes(Number(key.slice(1)))
        const planned: PlannedItem[] = pairs ? all.map((key) => [key, { key }]) : all
        const id = await planWith(play, planned, { page, size, plannerDies })

        const left = [...happenings]
        let losses = 0
        for (let slices = await play.claim(3); slices.length > 0; slices = await play.claim(3)) {
          for (const slice of slices) {
            const next = left.shift()
            const dies = next !== undefined && /lost|fails/.test(next.next)
            if (next === undefined || (dies && ++losses > LOSSES)) await play.flush(slice, 99, fails)
            // All leases have lapsed with that one's: whatever else was in hand is another's by now.
            else if ((await happen(play, slice, next, fails)) === 'all are lost') break
          }
        }

        const { result, task } = await play.finish(id)
        const failed = all.filter(fails)
        expect(result).toEqual({ total: items, completed: items - failed.length, failed: failed.length })
        expect(task.state).toBe(failed.length > 0 ? 'completed_with_errors' : 'completed')
        const rows = all.filter((key) => !fails(key)).map((key) => `${key}\n`)
        expect(await play.content(id, 'report')).toBe(`begin\n${rows.join('')}end\n`)
        const listed = (await play.content(id, 'errors'))?.split('\r\n').slice(1, -1) ?? []
        expect(listed.map((line) => line.split(',')[0])).toEqual(failed)
      }),
      { numRuns: RUNS, endOnFailure: process.env.ERRAND_SHRINK === undefined },
    )
  })
})

/** Plans the items, with a planner that may be lost on the way; the next goes on behind what is on record. */
async function planWith(
  play: FanOutPlay,
  items: readonly PlannedItem[],
  options: { page: number; size: number; plannerDies: number | undefined },
): Promise<string> {
  const { page, plannerDies, size } = options
  if (plannerDies === undefined || plannerDies >= items.length) return play.planned(items, { page, size })
  const { rooms, shape } = play
  const { id } = await rooms.submit({ definition: shape.name, input: {} })
  const first = await rooms.claimOf(id)
  const part = items.slice(0, plannerDies)
  const last = part.at(-1)
  const cursor = typeof last === 'string' ? last : last?.[0]
  const recorded = { items: JSON.stringify(part), count: part.length, cursor, sealed: false }
  if (part.length > 0) await rooms.work.planItems(first, recorded)
  await rooms.lapse(shape)
  const second = await rooms.claimOf(id)
  expect(second.fanOut).toEqual({ phase: 'planning', cursor: cursor ?? null, sealed: false, again: null })
  await expect(rooms.work.planItems(first, recorded)).rejects.toMatchObject({ code: 'claim-lost' })
  await play.plan(second, items.slice(plannerDies), page)
  await rooms.work.planned(second)
  return id
}

async function happen(
  play: FanOutPlay,
  slice: Slice,
  { count, next: then }: { count: number; next: string },
  fails: (key: string) => boolean,
): Promise<unknown> {
  const { work } = play.rooms
  const flush = play.flushOf(slice, count, fails)
  const isOver = flush.over !== undefined
  if (then !== 'is lost before it is recorded' && flush.to > flush.from) {
    await work.flushSlice(slice.claim, flush)
    slice.at = flush.to
    // The connection broke, and the worker does not know that it was recorded.
    if (then === 'repeats' && !isOver) await work.flushSlice(slice.claim, flush)
    if (isOver) return undefined
  }
  if (then === 'is handed back') return work.release(slice.claim)
  if (then === 'fails') return work.fail(slice.claim, lostThread)
  if (then === 'goes on' || then === 'repeats') return play.flush(slice, 99, fails)
  // Lost: another goes on, and what the lost one still says is not taken.
  await play.lapse()
  for (const next of await play.claim(99)) {
    if (next.claim.slice === slice.claim.slice) {
      await expect(work.flushSlice(slice.claim, play.flushOf(slice, 1, fails))).rejects.toMatchObject({
        code: 'claim-lost',
      })
    }
    await play.flush(next, 99, fails)
  }
  return 'all are lost'
}

const lostThread = { code: 'step-exited', title: 'Ended', detail: '', retryable: true, reference: 'r' }
