import { csvRow, type DefinitionShape, ERRORS_SLOT } from '@errand/task'
import { sql } from 'kysely'
import { defaults } from '../config.ts'
import type { ArtifactSink, ClaimRef, Composed, Edges } from '../types.ts'
import { failureRows, keyOf } from './failed-items.ts'
import { progressOf } from './roll-up.ts'
import { type FanOutServices, lockFanOut, stepsBefore } from './rows.ts'

/** Rows of segments read at once. */
const PAGE = 200

/**
 * Writes the outputs of a fan-out: what each begins with (what an earlier step wrote in the slot included), what the items
 * appended, in their order, and what it ends with; and the list of those that failed. Streamed: no file is ever in memory.
 *
 * @throws {ClaimLost}, {Problem} `storage-failed`
 */
export async function compose(
  services: FanOutServices,
  claim: ClaimRef,
  edges: Edges,
  signal?: AbortSignal,
): Promise<Composed> {
  const row = await services.db.transaction().execute((trx) => lockFanOut(trx, claim))
  if (row === undefined) throw new Error(`The step ${claim.step} has no fan-out.`)
  const shape = await services.catalog.shape(services.db, row.definition, row.version)
  const someFailed = await hasRows(services, 'item_failures', claim)
  const about = { shape, edges, signal }
  if (someFailed) await write(services, claim, about, ERRORS_SLOT, errorLines(services, claim))
  const earlier = stepsBefore(shape, claim.step)
  if (row.failure === null) {
    for (const slot of Object.keys(shape.artifacts)) {
      if (slot === ERRORS_SLOT && someFailed) continue
      const edged = Object.hasOwn(edges.headers, slot) || Object.hasOwn(edges.footers, slot)
      if (!edged && !(await hasRows(services, 'segments', claim, slot))) continue
      // Each step lists its own errors; any other output goes on with what a step before it wrote there.
      const before = slot === ERRORS_SLOT ? undefined : await services.artifacts.leftBy(claim.taskId, slot, earlier)
      await write(services, claim, about, slot, content(services, claim, edges, slot, before), before?.id)
    }
  }
  const settled = row.done + row.failed
  await services.db
    .updateTable('steps')
    .set({
      progress: JSON.stringify(
        progressOf({ ...row, settled, rate: null, paused: false, sealed: row.failure === null }),
      ),
    })
    .where('task_id', '=', claim.taskId)
    .where('name', '=', claim.step)
    .where('lease', '=', claim.lease)
    .execute()
  return {
    result: { total: row.total, completed: row.done, failed: row.failed },
    failure: row.failure,
  }
}

async function write(
  services: FanOutServices,
  claim: ClaimRef,
  { edges, shape, signal }: { shape: DefinitionShape; edges: Edges; signal: AbortSignal | undefined },
  slot: string,
  chunks: AsyncIterable<Uint8Array>,
  continues?: string,
): Promise<void> {
  const declared = shape.artifacts[slot]
  if (declared === undefined) throw new Error(`${shape.name} v${shape.version} has no artifact ${slot}.`)
  const filename = edges.filenames[slot] ?? slot
  const options = { definition: shape.name, filename, ...(continues === undefined ? {} : { continues }) }
  const sink: ArtifactSink = await services.artifacts.open(claim, slot, declared, options)
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      if (chunk.length > 0) await sink.write(chunk)
    }
    await sink.close()
  } catch (error) {
    await sink.abort().catch(() => undefined)
    throw error
  }
}

async function* content(
  services: FanOutServices,
  claim: ClaimRef,
  edges: Edges,
  slot: string,
  before: { read(): AsyncIterable<Uint8Array> } | undefined,
): AsyncGenerator<Uint8Array> {
  if (before !== undefined) yield* before.read()
  yield Buffer.from(edges.headers[slot] ?? '')
  yield* segments(services, claim, slot)
  yield Buffer.from(edges.footers[slot] ?? '')
}

/** The segments of a slot in the order of the items, some of them read ahead. */
async function* segments(services: FanOutServices, claim: ClaimRef, slot: string): AsyncGenerator<Uint8Array> {
  const ahead: Promise<Uint8Array>[] = []
  try {
    let after = { page: -1, item: -1 }
    for (;;) {
      const rows = await services.db
        .selectFrom('segments')
        .select(['page', 'item', 'storage', 'key'])
        .where('task_id', '=', claim.taskId)
        .where('step', '=', claim.step)
        .where('slot', '=', slot)
        .where(sql<boolean>`(page, item) > (${after.page}, ${after.item})`)
        .orderBy('page')
        .orderBy('item')
        .limit(PAGE)
        .execute()
      for (const row of rows) {
        ahead.push(services.segments.read(row))
        if (ahead.length >= defaults.segmentsAhead) yield (await ahead.shift()) ?? new Uint8Array()
      }
      const last = rows.at(-1)
      if (last === undefined) break
      after = last
    }
    for (let next = ahead.shift(); next !== undefined; next = ahead.shift()) yield await next
  } finally {
    // Whoever reads no further has met an error of its own; those of what was read ahead say nothing more.
    for (const read of ahead) read.catch(() => undefined)
  }
}

async function* errorLines(services: FanOutServices, claim: ClaimRef): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvRow(['key', 'code', 'title', 'detail', 'attempts']))
  for await (const { failures } of failureRows(services.db, claim)) {
    const lines = failures.map(({ attempts, code, detail, item, title }) =>
      csvRow([keyOf(item), code, title, detail, attempts]),
    )
    yield Buffer.from(lines.join(''))
  }
}

async function hasRows(
  { db }: FanOutServices,
  table: 'segments' | 'item_failures',
  { step, taskId }: ClaimRef,
  slot?: string,
): Promise<boolean> {
  const { rows } = await sql`SELECT 1 FROM ${sql.table(`errand.${table}`)}
    WHERE task_id = ${taskId}::uuid AND step = ${step} ${slot === undefined ? sql`` : sql`AND slot = ${slot}`} LIMIT 1`.execute(
    db,
  )
  return rows.length > 0
}
