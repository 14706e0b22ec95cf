import { type Kysely, sql } from 'kysely'

/** The output of a step before with which one of a step with many items begins: it goes once the other is there. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE errand.artifacts ADD COLUMN continues uuid`.execute(db)
}
