import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { definitionInUse, definitionPromoted, definitionUnknown } from './problems.ts'

/** Open tasks that a refusal names: enough to find them. */
const NAMED = 5

interface Version {
  version: number
  promoted: boolean
  retired: boolean
}

/**
 * All versions of a name, the newest first, locked: whoever promotes or retires one waits for the other. A submit holds
 * the row of its task's version as well, so none slips in between a look and a change.
 */
export async function lockName(trx: Kysely<Tables>, name: string): Promise<Version[]> {
  const { rows } = await sql<Version>`
    SELECT version, promoted, retired_at IS NOT NULL AS retired FROM errand.definitions
    WHERE name = ${name} ORDER BY version DESC FOR UPDATE`.execute(trx)
  return rows
}

/** Makes it the version that new tasks get. The name must be locked. */
export async function setPromoted(trx: Kysely<Tables>, name: string, version: number): Promise<void> {
  // Two statements, as the index that allows one promoted version a name is checked row by row.
  await sql`UPDATE errand.definitions SET promoted = false
    WHERE name = ${name} AND promoted AND version <> ${version}`.execute(trx)
  await debugPoint('mid-promotion')
  await sql`UPDATE errand.definitions SET promoted = true, retired_at = NULL
    WHERE name = ${name} AND version = ${version}`.execute(trx)
}

/**
 * New tasks get this version from now on; those that are there keep theirs. A retired one is brought back by it.
 *
 * @throws {Problem} `definition-unknown` (404)
 */
export async function promoteVersion(db: Kysely<Tables>, name: string, version: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await find(trx, name, version)
    await setPromoted(trx, name, version)
  })
}

/**
 * No new task gets this version, even if it is asked for by number.
 *
 * @throws {Problem} `definition-unknown` (404), `definition-promoted` or `definition-in-use` (409)
 */
export async function retireVersion(db: Kysely<Tables>, name: string, version: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { versions, chosen } = await find(trx, name, version)
    if (chosen.promoted) {
      const others = versions.filter((each) => each !== chosen && !each.retired).map((each) => each.version)
      throw definitionPromoted(name, version, others)
    }
    await refuseWhileOpen(trx, name, version)
    await sql`UPDATE errand.definitions SET retired_at = coalesce(retired_at, now())
      WHERE name = ${name} AND version = ${version}`.execute(trx)
  })
}

async function find(trx: Transaction<Tables>, name: string, version: number) {
  const versions = await lockName(trx, name)
  const chosen = versions.find((each) => each.version === version)
  if (chosen === undefined) throw definitionUnknown(name, version, versions.length > 0)
  return { versions, chosen }
}

async function refuseWhileOpen(trx: Transaction<Tables>, name: string, version: number): Promise<void> {
  const { rows } = await sql<{ state: string; count: number; tasks: string[] }>`
    SELECT state, count(*)::int AS count, (array_agg(id::text ORDER BY id))[1:${sql.lit(NAMED)}] AS tasks FROM errand.tasks
    WHERE definition = ${name} AND version = ${version} AND state IN ('pending', 'running', 'canceling')
    GROUP BY state ORDER BY state`.execute(trx)
  if (rows.length === 0) return
  const tasks = rows.flatMap((row) => row.tasks).slice(0, NAMED)
  throw definitionInUse(
    name,
    version,
    rows.map(({ state, count }) => ({ state, count })),
    tasks,
  )
}
