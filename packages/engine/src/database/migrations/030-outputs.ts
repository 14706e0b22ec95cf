import { type Kysely, sql } from 'kysely'

/** What keep rules, use-once files, the access log, uploads in parts and the sweep need. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE errand.artifacts
    ADD COLUMN available_at timestamptz,
    ADD COLUMN extended_until timestamptz,
    ADD COLUMN scope_ends_at timestamptz,
    ADD COLUMN scope_asked_at timestamptz,
    ADD COLUMN bytes_written bigint NOT NULL DEFAULT 0,
    ADD COLUMN taken_by uuid,
    ADD COLUMN taken_until timestamptz`.execute(db)
  await sql`UPDATE errand.artifacts SET available_at = created_at WHERE state <> 'writing'`.execute(db)
  await sql`CREATE TABLE errand.artifact_access (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    artifact_id uuid NOT NULL REFERENCES errand.artifacts (id) ON DELETE CASCADE,
    action text NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    delivery text,
    range_start bigint,
    range_end bigint,
    bytes bigint,
    complete boolean,
    at timestamptz NOT NULL
  )`.execute(db)
  await sql`CREATE INDEX artifact_access_artifact ON errand.artifact_access (artifact_id, id)`.execute(db)

  await sql`ALTER TABLE errand.uploads
    ADD COLUMN state text NOT NULL DEFAULT 'complete' CHECK (state IN ('arriving', 'complete', 'gone')),
    ADD COLUMN received bigint NOT NULL DEFAULT 0,
    ADD COLUMN metadata text,
    ALTER COLUMN sha256 DROP NOT NULL`.execute(db)
  await sql`CREATE INDEX uploads_expiry ON errand.uploads (expires_at)`.execute(db)
  await sql`CREATE INDEX uploads_open ON errand.uploads (owner) WHERE state = 'arriving'`.execute(db)
  await sql`CREATE TABLE errand.upload_parts (
    upload_id uuid NOT NULL REFERENCES errand.uploads (id) ON DELETE CASCADE,
    start bigint NOT NULL,
    size bigint NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (upload_id, start)
  )`.execute(db)
  // Which tasks use an upload; most tasks use none.
  await sql`CREATE INDEX tasks_uploads ON errand.tasks USING gin (jsonb_path_query_array(uploads, '$.*'))
    WHERE uploads <> '{}'`.execute(db)
  await sql`CREATE INDEX tasks_finished ON errand.tasks (definition, state, finished_at)
    WHERE finished_at IS NOT NULL`.execute(db)

  // What is done once a day by whichever process comes first, and to whom the storages belong.
  await sql`CREATE TABLE errand.upkeep (
    name text PRIMARY KEY,
    at timestamptz NOT NULL,
    value jsonb NOT NULL DEFAULT '{}'
  )`.execute(db)
}
