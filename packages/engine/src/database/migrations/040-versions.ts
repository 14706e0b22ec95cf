import { type Kysely, sql } from 'kysely'

/**
 * What a task needs to be taken over by a newer version of its definition, and what a program must know to work on this
 * schema: the names of migrations without which it would do harm. A migration that takes something away adds its own.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE errand.tasks
    ADD COLUMN move_lease uuid,
    ADD COLUMN move_until timestamptz,
    ADD COLUMN move_failure jsonb`.execute(db)
  await sql`CREATE TABLE errand.schema_needs (migration text PRIMARY KEY)`.execute(db)
}
