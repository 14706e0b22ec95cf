import { type Kysely, sql } from 'kysely'

/**
 * Steps with many items. There is no row for an item: they lie in pages, and the slices that are being worked on are the
 * only rows that change while they are. A slice that has ended is gone, its counts are in `fan_outs`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE errand.fan_outs (
    task_id uuid NOT NULL,
    step text NOT NULL,
    phase text NOT NULL DEFAULT 'planning' CHECK (phase IN ('planning', 'running', 'finishing', 'done')),
    cursor text,
    sealed boolean NOT NULL DEFAULT false,
    pages int NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    cut_page int NOT NULL DEFAULT 0,
    cut_at int NOT NULL DEFAULT 0,
    slice_size int NOT NULL,
    item_ms float8,
    concurrency int NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    done bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    failure jsonb,
    rate float8,
    rolled_done bigint NOT NULL DEFAULT 0,
    rolled_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    swept_at timestamptz,
    PRIMARY KEY (task_id, step),
    FOREIGN KEY (task_id, step) REFERENCES errand.steps (task_id, name) ON DELETE CASCADE
  ) WITH (fillfactor = 50)`.execute(db)
  await sql`CREATE INDEX fan_outs_open ON errand.fan_outs (task_id) WHERE phase <> 'done'`.execute(db)
  await sql`CREATE INDEX fan_outs_unswept ON errand.fan_outs (done_at) WHERE phase = 'done' AND swept_at IS NULL`.execute(
    db,
  )
  await sql`CREATE TABLE errand.item_pages (
    task_id uuid NOT NULL,
    step text NOT NULL,
    page int NOT NULL,
    size int NOT NULL,
    items jsonb NOT NULL,
    PRIMARY KEY (task_id, step, page),
    FOREIGN KEY (task_id, step) REFERENCES errand.fan_outs (task_id, step) ON DELETE CASCADE
  )`.execute(db)
  await sql`CREATE TABLE errand.slices (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL,
    step text NOT NULL,
    page int NOT NULL,
    upto int NOT NULL,
    cursor int NOT NULL,
    done int NOT NULL DEFAULT 0,
    failed int NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running')),
    job uuid NOT NULL,
    lease text,
    worker uuid,
    care int NOT NULL DEFAULT 0,
    single_until int NOT NULL DEFAULT 0,
    suspect int,
    changed_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (task_id, step) REFERENCES errand.fan_outs (task_id, step) ON DELETE CASCADE
  ) WITH (fillfactor = 50)`.execute(db)
  await sql`CREATE INDEX slices_step ON errand.slices (task_id, step)`.execute(db)
  await sql`CREATE TABLE errand.segments (
    task_id uuid NOT NULL,
    step text NOT NULL,
    slot text NOT NULL,
    page int NOT NULL,
    item int NOT NULL,
    storage text NOT NULL,
    key text NOT NULL,
    size int NOT NULL,
    PRIMARY KEY (task_id, step, slot, page, item),
    FOREIGN KEY (task_id, step) REFERENCES errand.fan_outs (task_id, step) ON DELETE CASCADE
  )`.execute(db)
  await sql`CREATE TABLE errand.item_failures (
    task_id uuid NOT NULL,
    step text NOT NULL,
    page int NOT NULL,
    item int NOT NULL,
    failures jsonb NOT NULL,
    PRIMARY KEY (task_id, step, page, item),
    FOREIGN KEY (task_id, step) REFERENCES errand.fan_outs (task_id, step) ON DELETE CASCADE
  )`.execute(db)
}
