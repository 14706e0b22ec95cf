import { sql } from 'kysely'
import type { Db } from '../database/open.ts'
import { Problem } from '../problem.ts'
import type { FailedItemPage, ItemFailure, PlannedItem } from '../types.ts'
import type { FanOutRef } from './rows.ts'

/** Items in a page that is shown, unless another number is asked for, and at most. */
const SHOWN = { default: 50, most: 1_000 }

/** Of the rows below, read at once: each has the failures of one flush, up to some hundred. */
const ROWS = 20

interface Row {
  page: number
  item: number
  /** Which of its flush it is, from 1. */
  nth: number
  failure: ItemFailure
}

/**
 * A page of the items that failed for good, in the order of the items.
 *
 * @throws {Problem} `page-token-invalid`
 * @example
 * ```ts
 * const { items, nextPageToken } = await readFailedItems(db, { taskId, step: 'grade' }, { limit: 20 })
 * ```
 */
export async function readFailedItems(
  db: Db,
  { step, taskId }: FanOutRef,
  { limit = SHOWN.default, pageToken }: { limit?: number; pageToken?: string },
): Promise<FailedItemPage> {
  const count = Math.min(Math.max(1, limit), SHOWN.most)
  const after = pageToken === undefined ? { page: -1, item: -1, nth: 0 } : parseToken(pageToken)
  // The first condition finds the flushes in the index, the second one which of their items are behind the last shown.
  const { rows } = await sql<Row>`
    SELECT page, item, nth::int AS nth, failure
    FROM errand.item_failures, jsonb_array_elements(failures) WITH ORDINALITY AS each (failure, nth)
    WHERE task_id = ${taskId}::uuid AND step = ${step} AND (page, item) >= (${after.page}::int, ${after.item}::int)
      AND (page, item, nth) > (${after.page}::int, ${after.item}::int, ${after.nth}::int)
    ORDER BY page, item, nth LIMIT ${count + 1}`.execute(db)
  const shown = rows.slice(0, count)
  const last = shown.at(-1)
  return {
    items: shown.map(({ failure: { attempts, code, detail, item, title } }) => ({
      key: keyOf(item),
      code,
      title,
      detail,
      attempts,
    })),
    nextPageToken: last === undefined || rows.length <= count ? null : `${last.page}-${last.item}-${last.nth}`,
  }
}

/** What one flush recorded of failures, and where in the items it began. */
export interface FailureRow {
  page: number
  item: number
  failures: ItemFailure[]
}

/** All of them behind a place, in order; read some at a time, as they need not fit into memory. */
export async function* failureRows(
  db: Db,
  { step, taskId }: FanOutRef,
  after: { page: number; item: number } = { page: -1, item: -1 },
): AsyncGenerator<FailureRow> {
  for (;;) {
    const rows = await db
      .selectFrom('item_failures')
      .select(['page', 'item', 'failures'])
      .where('task_id', '=', taskId)
      .where('step', '=', step)
      .where(sql<boolean>`(page, item) > (${after.page}::int, ${after.item}::int)`)
      .orderBy('page')
      .orderBy('item')
      .limit(ROWS)
      .execute()
    const last = rows.at(-1)
    if (last === undefined) return
    after = last
    yield* rows
  }
}

/** What an item is called. */
export function keyOf(item: PlannedItem): string {
  return typeof item === 'string' ? item : item[0]
}

function parseToken(token: string): { page: number; item: number; nth: number } {
  const [, page, item, nth] = /^(\d{1,9})-(\d{1,9})-(\d{1,9})$/.exec(token) ?? []
  if (page !== undefined && item !== undefined && nth !== undefined)
    return { page: Number(page), item: Number(item), nth: Number(nth) }
  throw new Problem({
    code: 'page-token-invalid',
    status: 400,
    title: 'The page token is not valid',
    hint: 'Use the token that came with the page before.',
  })
}
