import { type Kysely, sql } from 'kysely'

/** Digests are taken by person, and staff may have a delivery tried again after its attempts are spent. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX deliveries_digest ON errand.deliveries (principal, channel, due_at)
    WHERE state = 'waiting' AND digest`.execute(db)
  // How many attempts it is allowed in all; null: as many as each has.
  await sql`ALTER TABLE errand.deliveries ADD COLUMN attempts_allowed int`.execute(db)
}
