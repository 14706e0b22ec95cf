import { type DefinitionShape, fanOutLimits } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import { defaults } from '../config.ts'
import { jsonText, storable } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { slicesOf } from '../dispatch/dispatch.ts'
import { ClaimLost, Problem } from '../problem.ts'
import type { ClaimRef, FanOutWork, ItemPage, PlannedItem } from '../types.ts'
import { cutSlices } from './cut.ts'
import { failureRows } from './failed-items.ts'
import { declaredIn, type FanOutServices, lockFanOut, saveFanOut } from './rows.ts'
import { windowOf } from './slice-size.ts'

/** A planner's claim, and what its task is of. */
export interface PlannerRef extends ClaimRef {
  definition: string
  version: number
}

/** What a claim of a step that fans out is for; the first one begins the fan-out. */
export async function openFanOut(
  trx: Transaction<Tables>,
  { again, shape, step, taskId }: { taskId: string; step: string; shape: DefinitionShape; again: string | null },
): Promise<FanOutWork> {
  const { concurrency = 1 } = declaredIn(shape, step)
  await trx
    .insertInto('fan_outs')
    .values({ task_id: taskId, step, concurrency, slice_size: defaults.firstSlice })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  // Locked, so that a page which the former planner is just recording is waited for.
  const row = await lockFanOut(trx, { taskId, step })
  if (row === undefined) throw new Error(`The step ${step} of the task ${taskId} has no fan-out.`)
  if (row.phase === 'finishing') return { phase: 'finishing' }
  // A step that was claimed while its slices are worked on has nothing to do but to be let go again.
  return { phase: 'planning', cursor: row.cursor, sealed: row.sealed, again }
}

/**
 * Records a page of items, and begins work on it.
 *
 * @returns false when no more are wanted
 * @throws {ClaimLost}, {Problem} `too-many-items`
 */
export async function planPage(services: FanOutServices, claim: PlannerRef, page: ItemPage): Promise<boolean> {
  const items = /\\u(0000|d[89a-f])/.test(page.items) ? jsonText(JSON.parse(page.items)) : page.items
  const queue = slicesOf(claim.definition, claim.version)
  await services.dispatch.ensure(queue)
  const { sent, wanted } = await services.db.transaction().execute(async (trx) => {
    await holdPlanner(trx, claim)
    const row = await lockFanOut(trx, claim)
    if (row === undefined || row.phase !== 'planning') throw new ClaimLost('The items are on record already.')
    if (row.failure !== null) return { sent: 0, wanted: false }
    if (row.total + page.count > fanOutLimits.items) throw tooMany(claim.step)
    if (page.count > 0) {
      await sql`INSERT INTO errand.item_pages (task_id, step, page, size, items)
        VALUES (${claim.taskId}::uuid, ${claim.step}, ${row.pages}, ${page.count}, ${items}::jsonb)`.execute(trx)
      row.pages++
    }
    row.total += page.count
    row.cursor = page.cursor === undefined ? row.cursor : storable(page.cursor)
    row.traceparent = page.traceparent ?? row.traceparent
    row.sealed = row.sealed || page.sealed
    const window = Math.min(windowOf(row), defaults.slicesOfPlanner)
    const sent = await cutSlices(trx, services.dispatch, row, window)
    await saveFanOut(trx, row)
    return { sent, wanted: true }
  })
  if (sent > 0) services.bus.tell({ queues: [queue] })
  return wanted
}

/**
 * Records the items that failed in another task, as this one's. The cursor is where the last recorded flush of that task
 * began, so that another planner goes on behind it.
 *
 * @throws {ClaimLost}, {Problem} `failed-items-gone`
 */
export async function planFailedItems(services: FanOutServices, claim: PlannerRef, of: string): Promise<void> {
  const { cursor: begun } = await services.db
    .selectFrom('fan_outs')
    .select('cursor')
    .where('task_id', '=', claim.taskId)
    .where('step', '=', claim.step)
    .executeTakeFirstOrThrow()
  const [page = -1, item = -1] = begun?.split('-').map(Number) ?? []
  let items: PlannedItem[] = []
  let cursor: string | undefined
  const record = (sealed: boolean) =>
    planPage(services, claim, { items: JSON.stringify(items), count: items.length, cursor, sealed })
  for await (const row of failureRows(services.db, { taskId: of, step: claim.step }, { page, item })) {
    if (items.length + row.failures.length > defaults.longestSlice && items.length > 0) {
      if (!(await record(false))) return
      items = []
    }
    items.push(...row.failures.map((failure) => failure.item))
    cursor = `${row.page}-${row.item}`
  }
  // Its failures go with it, all at once: as long as it is there, they have all been read.
  const there = await services.db.selectFrom('tasks').select('id').where('id', '=', of).executeTakeFirst()
  if (there === undefined) throw gone(of)
  await record(true)
}

/**
 * The planner is done: its step is in nobody's hands while its slices are worked on.
 *
 * @throws {ClaimLost}
 */
export async function letGo(services: FanOutServices, claim: ClaimRef, queue: string): Promise<void> {
  await services.db.transaction().execute(async (trx) => {
    await holdPlanner(trx, claim)
    await sql`UPDATE errand.steps SET lease = NULL, worker = NULL, job = NULL, losses = 0, changed_at = now()
      WHERE task_id = ${claim.taskId}::uuid AND name = ${claim.step}`.execute(trx)
    await sql`UPDATE errand.fan_outs SET phase = 'running'
      WHERE task_id = ${claim.taskId}::uuid AND step = ${claim.step} AND phase = 'planning'`.execute(trx)
    const [id = '', count = '0'] = claim.lease.split(':')
    await services.dispatch.settle(trx, queue, [{ id, retryCount: Number(count) }])
  })
}

/** Keeps the step from being claimed anew until the end of the transaction. */
async function holdPlanner(trx: Transaction<Tables>, { lease, step, taskId }: ClaimRef): Promise<void> {
  const { rows } = await sql`SELECT 1 FROM errand.steps
    WHERE task_id = ${taskId}::uuid AND name = ${step} AND lease = ${lease} AND state = 'running' FOR NO KEY UPDATE`.execute(
    trx,
  )
  if (rows.length === 0) throw new ClaimLost('The attempt has lost its claim; nothing was stored.')
}

function gone(of: string): Problem {
  return new Problem({
    code: 'failed-items-gone',
    status: 409,
    title: 'The task whose failed items were to be run is gone',
    detail: `The task ${of} was deleted before they were all read.`,
    hint: 'Start the whole task anew.',
  })
}

function tooMany(step: string): Problem {
  return new Problem({
    code: 'too-many-items',
    status: 422,
    title: `The step "${step}" has too many items`,
    detail: `One step may have ${fanOutLimits.items.toLocaleString('en')}.`,
    hint: 'Split the task, or make one item of several.',
  })
}
