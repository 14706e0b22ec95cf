import { type Kysely, sql } from 'kysely'
import { Problem } from '../problem.ts'

/**
 * Whether this program may work on a schema that a newer one has brought further. Migrations expand first, so it may,
 * unless one has since taken away what this program uses; such a migration enters its name into `schema_needs`.
 *
 * @param known - the migrations of this program
 * @returns `behind` when this program has migrations to run, `ahead` when the schema has some that it does not know
 * @throws {Problem} `schema-too-new` or `schema-foreign`, saying which migration and what to do
 */
export async function compareSchema<T>(db: Kysely<T>, known: readonly string[]): Promise<'behind' | 'ahead'> {
  const applied = await migrationsIn(db)
  const newer = applied.filter((name) => !known.includes(name))
  if (newer.length === 0) return 'behind'
  const needed = (await namesIn(db, 'errand.schema_needs', 'migration')).filter((name) => !known.includes(name))
  if (needed.length > 0) throw tooNew(needed, known)
  const missing = known.filter((name) => !applied.includes(name))
  if (missing.length > 0) throw foreign(newer, missing)
  return 'ahead'
}

/** The migrations that a database has had; none where it is new. */
export function migrationsIn<T>(db: Kysely<T>): Promise<string[]> {
  return namesIn(db, 'errand.kysely_migration', 'name')
}

async function namesIn<T>(db: Kysely<T>, table: string, column: string): Promise<string[]> {
  const { rows: there } = await sql<{ there: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS there`.execute(db)
  if (there[0]?.there !== true) return []
  const { rows } = await sql<{ name: string }>`
    SELECT ${sql.ref(column)} AS name FROM ${sql.table(table)} ORDER BY 1`.execute(db)
  return rows.map(({ name }) => name)
}

function tooNew(needed: readonly string[], known: readonly string[]): Problem {
  return new Problem({
    code: 'schema-too-new',
    status: 503,
    title: 'The database belongs to a newer Errand',
    detail: `Its schema has ${needed.join(', ')}, without which nobody may work on it; this one knows up to ${known.at(-1)}.`,
    hint: 'Install the version of Errand that the other servers and workers run, and start again.',
  })
}

function foreign(newer: readonly string[], missing: readonly string[]): Problem {
  return new Problem({
    code: 'schema-foreign',
    status: 503,
    title: 'The schema of the database is of another line of Errand',
    detail: `It has ${newer.join(', ')}, which this one does not know, and lacks ${missing.join(', ')}.`,
    hint: 'Install the version of Errand that the other servers and workers run, and start again.',
  })
}
