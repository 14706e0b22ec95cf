import { type Kysely, sql } from 'kysely'

/** Definitions that run by cron. `next_at` is when the next task is due, by the clock of the database. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE errand.schedules (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      name text NOT NULL UNIQUE,
      definition text NOT NULL,
      scope text NOT NULL,
      input jsonb NOT NULL,
      cron text NOT NULL,
      time_zone text NOT NULL,
      principal text NOT NULL,
      next_at timestamptz NOT NULL,
      leased_until timestamptz,
      paused_at timestamptz,
      started_at timestamptz,
      task_id uuid,
      problem jsonb,
      created_by text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db)
  await sql`CREATE INDEX schedules_due ON errand.schedules (next_at) WHERE paused_at IS NULL`.execute(db)
}
