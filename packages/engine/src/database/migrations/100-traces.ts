import { type Kysely, sql } from 'kysely'

/** The trace that a task, and the slices of a step that fans out, belong to: W3C trace context, version 00. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE errand.tasks ADD COLUMN traceparent text`.execute(db)
  await sql`ALTER TABLE errand.fan_outs ADD COLUMN traceparent text`.execute(db)
}
