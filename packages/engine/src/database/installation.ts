import { type Kysely, sql } from 'kysely'
import { v4 as uuidv4 } from 'uuid'
import type { Tables } from './schema.ts'

/** What this record calls itself, so that a storage or a transaction can be told from those of another. Made once. */
export async function installationId(db: Kysely<Tables>): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO errand.upkeep (name, at, value) VALUES ('installation', now(), ${JSON.stringify({ id: uuidv4() })}::jsonb)
    ON CONFLICT (name) DO UPDATE SET name = upkeep.name RETURNING value->>'id' AS id`.execute(db)
  return rows[0]?.id ?? ''
}
