import { sql, type Transaction } from 'kysely'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { slicesOf, type Taken } from '../dispatch/dispatch.ts'
import type { Claim, ItemFailure, PlannedItem } from '../types.ts'
import { claimedUploads } from '../uploads/claimed.ts'
import { afterLoss } from './losses.ts'
import { declaredIn, type FanOutRef, type FanOutServices, type SliceRow } from './rows.ts'

/** A slice whose wake-up was taken, with what its task gives it. */
interface Found extends SliceRow {
  input: Record<string, unknown>
  uploads: Record<string, string>
  scope: string
  owner: string
  owner_name: string
  traceparent: string | null
  open: boolean
  paused: boolean
}

/** What a lost worker is called to those who read of it. */
const LOST: Omit<ItemFailure, 'item' | 'attempts'> = {
  code: 'worker-lost',
  title: 'The item ended the worker that had it, again and again',
  detail: 'A crash of the process, or too little memory, is likely.',
}

/**
 * Takes up to `limit` slices of one version for a worker. One whose worker was lost goes on behind its last flush, with
 * more care each time; the item that turns out to end its workers fails. Those of a fan-out that is paused are left for when it
 * goes on ({@link wakeSlices}).
 *
 * @returns also the fan-outs in which that has just happened, perhaps once too often
 */
export async function claimSlices(
  services: FanOutServices,
  worker: { id: string },
  definition: { name: string; version: number },
  limit: number,
): Promise<{ claims: Claim[]; taken: number; poisoned: FanOutRef[] }> {
  const queue = slicesOf(definition.name, definition.version)
  const shape = await services.catalog.shape(services.db, definition.name, definition.version)
  return services.db.transaction().execute(async (trx) => {
    const taken = await services.dispatch.take(trx, queue, limit)
    if (taken.length === 0) return { claims: [], taken: 0, poisoned: [] }
    const found = await findSlices(trx, taken)
    const stale: Taken[] = []
    const poisoned: FanOutRef[] = []
    const begun: { slice: Found; lease: string }[] = []
    const left: { slice: Found; lease: null }[] = []
    for (const wake of taken) {
      const slice = found.get(wake.step.slice ?? '')
      // One that was replaced, or whose fan-out is over.
      if (slice === undefined || slice.job !== wake.id || !slice.open) stale.push(wake)
      else {
        if (slice.state === 'running' && (await lose(trx, slice, LOST))) {
          poisoned.push({ taskId: slice.task_id, step: slice.step })
        }
        if (!slice.paused) begun.push({ slice, lease: `${wake.id}:${wake.retryCount}` })
        else {
          stale.push(wake)
          left.push({ slice, lease: null })
        }
      }
    }
    await services.dispatch.settle(trx, queue, stale)
    await save(trx, begun, { state: 'running', worker: worker.id })
    await save(trx, left, { state: 'ready', worker: null })
    const items = await readItems(
      trx,
      begun.map(({ slice }) => slice),
    )
    const dependent = begun.filter(({ slice }) => declaredIn(shape, slice.step).after.length > 0)
    const results = await readResults(
      trx,
      dependent.map(({ slice }) => slice.task_id),
    )
    const uploads = await services.uploads.findAll(trx, [
      ...new Set(begun.flatMap(({ slice }) => Object.values(slice.uploads))),
    ])
    const claims = begun.map(({ lease, slice }): Claim => {
      const { after } = declaredIn(shape, slice.step)
      const known = results.get(slice.task_id) ?? new Map<string, unknown>()
      return {
        taskId: slice.task_id,
        step: slice.step,
        slice: slice.id,
        lease,
        definition: definition.name,
        version: definition.version,
        kind: 'fan-out',
        attempt: 1,
        input: slice.input,
        results: Object.fromEntries(after.map((name) => [name, known.get(name)])),
        checkpoint: null,
        once: {},
        principal: { id: slice.owner, name: slice.owner_name },
        scope: slice.scope,
        uploads: claimedUploads(slice.uploads, uploads),
        otherwise: null,
        timeout: null,
        traceparent: slice.traceparent,
        fanOut: {
          phase: 'slice',
          items: items.get(slice.id) ?? '[]',
          page: slice.page,
          first: slice.cursor,
          wary: slice.care > 0,
          singleUntil: slice.single_until,
        },
      }
    })
    return { claims, taken: taken.length, poisoned }
  })
}

async function findSlices(trx: Transaction<Tables>, taken: readonly Taken[]): Promise<Map<string, Found>> {
  const ids = taken.flatMap(({ step }) => (step.slice === undefined ? [] : [step.slice]))
  const { rows } = await sql<Found>`
    SELECT s.*, t.input, t.uploads, t.scope, t.owner, t.owner_name,
      coalesce(f.traceparent, t.traceparent) AS traceparent, t.state = 'running' AND t.failure IS NULL AS open, f.paused
    FROM errand.slices s JOIN errand.tasks t ON t.id = s.task_id
    JOIN errand.fan_outs f ON f.task_id = s.task_id AND f.step = s.step
    WHERE s.id = ANY(${ids}::uuid[]) ORDER BY s.id FOR UPDATE OF s`.execute(trx)
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * The slice's worker is gone, or its thread is. What is worked out is in `slice`; the caller writes it.
 *
 * @returns whether an item has failed by it
 */
export async function lose(
  trx: Transaction<Tables>,
  slice: SliceRow,
  failure: Omit<ItemFailure, 'item' | 'attempts'>,
): Promise<boolean> {
  const care = afterLoss(slice)
  if (care !== 'poison') {
    Object.assign(slice, care)
    return false
  }
  if (slice.cursor >= slice.upto) return false
  const [item] = JSON.parse((await readItems(trx, [{ ...slice, upto: slice.cursor + 1 }])).get(slice.id) ?? '[]')
  const failed: ItemFailure[] = [{ item: item as PlannedItem, ...failure, attempts: 1 }]
  await trx
    .insertInto('item_failures')
    .values({
      task_id: slice.task_id,
      step: slice.step,
      page: slice.page,
      item: slice.cursor,
      failures: jsonText(failed),
    })
    .execute()
  slice.cursor++
  slice.failed++
  slice.suspect = null
  return true
}

/** What has been worked out of the slices, and in whose hands they are now. */
async function save(
  trx: Transaction<Tables>,
  slices: readonly { slice: SliceRow; lease: string | null }[],
  { state, worker }: Pick<SliceRow, 'state' | 'worker'>,
): Promise<void> {
  if (slices.length === 0) return
  const rows = slices.map(({ lease, slice: { care, cursor, failed, id, single_until, suspect } }) => ({
    id,
    lease,
    cursor,
    failed,
    care,
    single_until,
    suspect,
  }))
  await sql`
    UPDATE errand.slices AS s SET state = ${state}, worker = ${worker}::uuid, lease = x.lease, cursor = x.cursor,
      failed = x.failed, care = x.care, single_until = x.single_until, suspect = x.suspect, changed_at = now()
    FROM jsonb_to_recordset(${jsonText(rows)}::jsonb) AS x (id uuid, lease text, cursor int, failed int, care int,
      single_until int, suspect int)
    WHERE s.id = x.id`.execute(trx)
}

/** The items that are left of each, as JSON. */
async function readItems(
  trx: Transaction<Tables>,
  slices: readonly Pick<SliceRow, 'id' | 'task_id' | 'step' | 'page' | 'cursor' | 'upto'>[],
): Promise<Map<string, string>> {
  const left = slices.filter(({ cursor, upto }) => cursor < upto)
  if (left.length === 0) return new Map()
  const { rows } = await sql<{ id: string; items: string }>`
    SELECT x.id, jsonb_path_query_array(p.items, '$[$from to $to]',
      jsonb_build_object('from', x.cursor, 'to', x.upto - 1))::text AS items
    FROM jsonb_to_recordset(${jsonText(left)}::jsonb) AS x (id uuid, task_id uuid, step text, page int, cursor int, upto int)
    JOIN errand.item_pages p ON p.task_id = x.task_id AND p.step = x.step AND p.page = x.page`.execute(trx)
  return new Map(rows.map(({ id, items }) => [id, items]))
}

/** What the completed steps of the tasks returned. */
async function readResults(
  trx: Transaction<Tables>,
  tasks: readonly string[],
): Promise<Map<string, Map<string, unknown>>> {
  const results = new Map<string, Map<string, unknown>>()
  if (tasks.length === 0) return results
  const { rows } = await sql<{ task_id: string; name: string; result: unknown }>`
    SELECT task_id, name, result FROM errand.steps
    WHERE task_id = ANY(${[...new Set(tasks)]}::uuid[]) AND state = 'completed'`.execute(trx)
  for (const { name, result, task_id } of rows) {
    const known = results.get(task_id) ?? new Map<string, unknown>()
    results.set(task_id, known.set(name, result))
  }
  return results
}
