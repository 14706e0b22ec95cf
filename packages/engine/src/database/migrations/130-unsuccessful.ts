import { type Kysely, sql } from 'kysely'

/**
 * What did not go well of a course, newest first: staff look for it, and it is little. What went well never enters the index,
 * so that a task costs no more to run.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX tasks_unsuccessful ON errand.tasks (scope, id DESC)
    WHERE state IN ('completed_with_errors', 'failed', 'canceled')`.execute(db)
}
