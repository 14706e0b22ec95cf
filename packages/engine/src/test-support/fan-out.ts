import type { DefinitionShape } from '@errand/task'
import { sql } from 'kysely'
import { slicesOf } from '../dispatch/dispatch.ts'
import type { Claim, Edges, ItemFailure, PlannedItem, SliceFlush } from '../types.ts'
import type { Rooms } from './rooms.ts'
import { shapeOf, stepOf } from './shapes.ts'
import { until } from './until.ts'

const keep = { days: 1 }

/** A task of one step that fans out, with an output and the list of errors. */
export const fanOutShape: DefinitionShape = shapeOf(
  [stepOf('items', { kind: 'fan-out', concurrency: 3, tolerate: 1_000, unit: 'items' })],
  {
    name: 'many',
    artifacts: {
      report: { title: 'Report', mediaType: 'text/csv', visibility: 'owner', keep },
      errors: { title: 'Errors', mediaType: 'text/csv', visibility: 'owner', keep },
    },
  },
)

const EDGES: Edges = {
  headers: { report: 'begin\n' },
  footers: { report: 'end\n' },
  filenames: { errors: 'errors.csv' },
}

/** A slice in hand: what a worker's thread does, without a thread. */
export interface Slice {
  claim: Claim
  items: PlannedItem[]
  /** The place of the next item, in the page. */
  at: number
  /** Of the item behind the last. */
  end: number
}

/** Plays the worker of a fan-out, one call at a time. */
export class FanOutPlay {
  readonly rooms: Rooms
  readonly shape: DefinitionShape

  constructor(rooms: Rooms, shape: DefinitionShape = fanOutShape) {
    this.rooms = rooms
    this.shape = shape
  }

  /** Leases lapse when the test says so, and only then. */
  async patient(): Promise<void> {
    await sql`UPDATE errand_dispatch.queue SET heartbeat_seconds = 36000`.execute(this.rooms.services.db)
  }

  /** A task whose items are on record; slices are of this size until it is known how long an item takes. */
  async planned(
    items: readonly PlannedItem[],
    { input = {}, page = 10, size = 4 }: { input?: Record<string, unknown>; page?: number; size?: number } = {},
  ): Promise<string> {
    const { id } = await this.rooms.submit({ definition: this.shape.name, input })
    const claim = await this.rooms.claimOf(id)
    await sql`UPDATE errand.fan_outs SET slice_size = ${size} WHERE task_id = ${id}::uuid`.execute(
      this.rooms.services.db,
    )
    await this.plan(claim, items, page)
    await this.rooms.work.planned(claim)
    return id
  }

  /** Records all items. */
  async plan(claim: Claim, items: readonly PlannedItem[], page = 10): Promise<void> {
    for (let from = 0; from === 0 || from < items.length; from += page) {
      const part = items.slice(from, from + page)
      const last = part.at(-1)
      const cursor = typeof last === 'string' ? last : last?.[0]
      const sealed = from + page >= items.length
      await this.rooms.work.planItems(claim, { items: JSON.stringify(part), count: part.length, cursor, sealed })
    }
  }

  /** Slices that can be claimed now. */
  async claim(limit = 10): Promise<Slice[]> {
    const { services, work, worker } = this.rooms
    services.bus.tell({ queues: [slicesOf(this.shape.name, this.shape.version)] })
    return (await work.claimSlices(worker.id, limit)).map((claim) => {
      if (claim.fanOut?.phase !== 'slice') throw new Error('The claim is of no slice.')
      const items: PlannedItem[] = JSON.parse(claim.fanOut.items)
      const { first } = claim.fanOut
      return { claim, items, at: first, end: first + items.length }
    })
  }

  /** Does the next items of the slice, and says what became of them without recording it. */
  flushOf(slice: Slice, count: number, fails: (key: string) => boolean = () => false): SliceFlush {
    const to = Math.min(slice.end, slice.at + count)
    const failures: ItemFailure[] = []
    let appended = ''
    for (const item of slice.items.slice(slice.items.length - (slice.end - slice.at)).slice(0, to - slice.at)) {
      const key = typeof item === 'string' ? item : item[0]
      if (fails(key)) failures.push({ item, code: 'bad', title: 'Bad', detail: '', attempts: 1 })
      else appended += `${key}\n`
    }
    return {
      from: slice.at,
      to,
      failures,
      appended: appended === '' ? {} : { report: Buffer.from(appended) },
      lines: [],
      ...(to === slice.end ? { over: { items: slice.items.length, ms: slice.items.length * 1_000 } } : {}),
    }
  }

  /** Says which item is tried next, as workers do where each is done alone. */
  async takeInHand(slice: Slice): Promise<void> {
    const { fanOut } = slice.claim
    if (fanOut?.phase === 'slice' && slice.at < fanOut.singleUntil) {
      await this.rooms.work.takeInHand(slice.claim, slice.at)
    }
  }

  async flush(slice: Slice, count = Number.POSITIVE_INFINITY, fails?: (key: string) => boolean): Promise<void> {
    const flush = this.flushOf(slice, count, fails)
    await this.rooms.work.flushSlice(slice.claim, flush)
    slice.at = flush.to
  }

  /** Works until no slice is left. */
  async workOff(fails?: (key: string) => boolean): Promise<void> {
    for (let slices = await this.claim(); slices.length > 0; slices = await this.claim()) {
      for (const slice of slices) await this.flush(slice, Number.POSITIVE_INFINITY, fails)
    }
  }

  /** Lets every lease of a slice lapse. */
  async lapse(): Promise<void> {
    await this.rooms.services.dispatch.releaseAll(slicesOf(this.shape.name, this.shape.version))
  }

  /** Puts the outputs together and ends the step. */
  async finish(id: string) {
    const claim = await this.rooms.claimOf(id)
    if (claim.fanOut?.phase !== 'finishing') throw new Error('The items are not through.')
    const { failure, result } = await this.rooms.work.compose(claim, EDGES)
    if (failure === null) await this.rooms.work.complete(claim, result)
    else await this.rooms.work.fail(claim, failure)
    return { result, failure, task: await this.rooms.task(id) }
  }

  /** The bytes of an output. */
  async content(id: string, slot: string): Promise<string | undefined> {
    const { db, segments } = this.rooms.services
    const row = await db
      .selectFrom('artifacts')
      .selectAll()
      .where('task_id', '=', id)
      .where('slot', '=', slot)
      .where('state', '=', 'available')
      .executeTakeFirst()
    // Any object of a storage is read in the same way.
    return row && Buffer.from(await segments.read(row)).toString()
  }

  /** When the task is over. */
  over(id: string) {
    return until(async () => {
      const task = await this.rooms.task(id)
      return task.finishedAt !== null && task
    }, `the end of ${id}`)
  }
}

/** `k0`, `k1`, … */
export function keys(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `k${n}`)
}
