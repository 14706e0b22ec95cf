import { type Kysely, sql } from 'kysely'

/** An upload is found by what its sender said of it. A digest, as entries of an index are limited and the text is not. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX uploads_said ON errand.uploads (owner, md5(metadata), id DESC) WHERE metadata IS NOT NULL`.execute(
    db,
  )
}
