import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations/index.ts'

/** The schema of Errand's own tables. */
export const SCHEMA = 'errand'

/**
 * Brings the database to the newest schema; several processes may do so at once, one of them does the work.
 *
 * @returns the names of the migrations that were run
 */
export async function migrate<T>(db: Kysely<T>): Promise<string[]> {
  await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(SCHEMA)}`.execute(db).catch(async (error: unknown) => {
    // Two processes that create it at the same instant: one of them meets a unique violation, and all is well.
    if (!isUniqueViolation(error)) throw error
  })
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableSchema: SCHEMA,
    allowUnorderedMigrations: false,
  })
  const { error, results } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  return (results ?? []).map(({ migrationName }) => migrationName)
}

/** SQLSTATE 23505. */
export function isUniqueViolation(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '23505'
}
