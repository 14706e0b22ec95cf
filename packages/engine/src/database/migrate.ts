import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { debugPoint } from '../debug-point.ts'
import { compareSchema } from './compatibility.ts'
import { migrations } from './migrations/index.ts'

/** The schema of Errand's own tables. */
export const SCHEMA = 'errand'

/**
 * Brings the database to the newest schema; several processes may do so at once, one of them does the work.
 *
 * @returns the names of the migrations that were run
 * @throws {Problem} `schema-too-new` or `schema-foreign`, for a schema that a newer Errand has changed
 */
export async function migrate<T>(db: Kysely<T>): Promise<string[]> {
  await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(SCHEMA)}`.execute(db).catch(async (error: unknown) => {
    // Two processes that create it at the same instant: one of them meets a unique violation, and all is well.
    if (!isUniqueViolation(error)) throw error
  })
  if ((await compareSchema(db, Object.keys(migrations))) === 'ahead') return []
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => watched(migrations) },
    migrationTableSchema: SCHEMA,
    allowUnorderedMigrations: false,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return (results ?? []).map(({ migrationName }) => migrationName)
}

/** The same, with a place after each where tests end the process: all of them are one transaction. */
function watched(all: Readonly<Record<string, Migration>>): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(all).map(([name, { up }]): [string, Migration] => [
      name,
      {
        async up(db) {
          await up(db)
          await debugPoint('mid-migration', name)
        },
      },
    ]),
  )
}

/** SQLSTATE 23505. */
export function isUniqueViolation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '23505'
}
