import { Kysely as KyselyDatabase, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { defaults } from '../config.ts'
import { isProblem, Problem } from '../problem.ts'
import { compareSchema, migrationsIn } from './compatibility.ts'
import { migrations } from './migrations/index.ts'
import { accessPostgres } from './postgres-connection.ts'

/** How a database stands to this program. */
export interface DatabaseInspection {
  /** Migrations of this program that are still to be run. */
  missing: string[]
  /** Migrations of a newer Errand. This one can work on them: else it had been thrown. */
  newer: string[]
  /** This machine's clock less the database's. */
  clockSkewSeconds: number
}

/**
 * Looks at a PostgreSQL database and changes nothing in it.
 *
 * @throws {Problem} `database-unreachable`, `database-url-invalid`, `schema-too-new` or `schema-foreign`
 * @example
 * ```ts
 * const { missing } = await inspectDatabase('postgres://errand@db.example.org/errand')
 * ```
 */
export async function inspectDatabase(url: string): Promise<DatabaseInspection> {
  const limits = { silence: defaults.silenceTimeout, statement: defaults.statementTimeout }
  const pool = new pg.Pool({ ...accessPostgres(url).config('errand-doctor', limits), max: 1 })
  pool.on('error', () => undefined)
  const db = new KyselyDatabase<Record<never, never>>({ dialect: new PostgresDialect({ pool }) })
  try {
    const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db)
    const skew = Date.now() - (rows[0]?.now.getTime() ?? Date.now())
    const known = Object.keys(migrations)
    await compareSchema(db, known)
    const applied = await migrationsIn(db)
    return {
      missing: known.filter((name) => !applied.includes(name)),
      newer: applied.filter((name) => !known.includes(name)),
      clockSkewSeconds: skew / 1_000,
    }
  } catch (cause) {
    if (isProblem(cause)) throw cause
    throw new Problem({
      code: 'database-unreachable',
      status: 503,
      title: 'The database cannot be used',
      detail: cause instanceof Error ? cause.message || cause.name : String(cause),
      hint: 'Check DATABASE_URL, that PostgreSQL runs, and that this machine reaches it.',
      cause,
    })
  } finally {
    await db.destroy()
  }
}
