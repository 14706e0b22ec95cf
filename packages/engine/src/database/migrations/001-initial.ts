import { artifactStates, stepStates, taskStates } from '@errand/task'
import { type Kysely, sql } from 'kysely'

const oneOf = (states: readonly string[]) => sql.raw(states.map((state) => `'${state}'`).join(', '))

/** The tables of the record. The state columns know the same names as the state machines. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE TABLE errand.definitions (
    name text NOT NULL,
    version int NOT NULL CHECK (version >= 1),
    shape jsonb NOT NULL,
    digest text NOT NULL,
    promoted boolean NOT NULL DEFAULT false,
    registered_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    PRIMARY KEY (name, version)
  )`.execute(db)
  await sql`CREATE UNIQUE INDEX definitions_promoted ON errand.definitions (name) WHERE promoted`.execute(db)

  await sql`CREATE TABLE errand.tasks (
    id uuid PRIMARY KEY,
    definition text NOT NULL,
    version int NOT NULL,
    title text NOT NULL,
    scope text NOT NULL,
    owner text NOT NULL,
    owner_name text NOT NULL,
    input jsonb NOT NULL,
    uploads jsonb NOT NULL,
    origin jsonb NOT NULL,
    state text NOT NULL CHECK (state IN (${oneOf(taskStates)})),
    failure jsonb,
    unique_key text,
    waits_key text,
    idempotency_key text,
    request_digest text,
    sequence int NOT NULL,
    deadline_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    FOREIGN KEY (definition, version) REFERENCES errand.definitions (name, version)
  )`.execute(db)
  // The lock of "one at a time" is the open task itself, so it dies with the task, always.
  await sql`CREATE UNIQUE INDEX tasks_unique ON errand.tasks (definition, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('pending', 'running', 'canceling')`.execute(db)
  // Those that wait for it, in the order in which they came.
  await sql`CREATE INDEX tasks_waiting ON errand.tasks (definition, waits_key, id)
    WHERE waits_key IS NOT NULL AND state = 'pending'`.execute(db)
  await sql`CREATE UNIQUE INDEX tasks_idempotency ON errand.tasks (owner, idempotency_key)
    WHERE idempotency_key IS NOT NULL`.execute(db)
  await sql`CREATE INDEX tasks_open ON errand.tasks (definition, version)
    WHERE state IN ('pending', 'running', 'canceling')`.execute(db)
  await sql`CREATE INDEX tasks_deadline ON errand.tasks (deadline_at)
    WHERE deadline_at IS NOT NULL AND state IN ('pending', 'running')`.execute(db)
  await sql`CREATE INDEX tasks_owner ON errand.tasks (owner, id DESC)`.execute(db)
  await sql`CREATE INDEX tasks_scope ON errand.tasks (scope, id DESC)`.execute(db)
  await sql`CREATE INDEX tasks_state ON errand.tasks (state, id DESC)`.execute(db)

  await sql`CREATE TABLE errand.steps (
    task_id uuid NOT NULL REFERENCES errand.tasks (id) ON DELETE CASCADE,
    name text NOT NULL,
    ordinal int NOT NULL,
    kind text NOT NULL,
    state text NOT NULL CHECK (state IN (${oneOf(stepStates)})),
    attempt int NOT NULL DEFAULT 0,
    losses int NOT NULL DEFAULT 0,
    otherwise boolean NOT NULL DEFAULT false,
    lease text,
    worker text,
    job uuid,
    progress jsonb,
    result jsonb,
    checkpoint jsonb,
    once jsonb NOT NULL DEFAULT '{}',
    log_lines int NOT NULL DEFAULT 0,
    failure jsonb,
    retry_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (task_id, name)
  ) WITH (fillfactor = 70)`.execute(db)
  // What the reconciler walks: few rows, as most steps are pending or over.
  await sql`CREATE INDEX steps_live ON errand.steps (task_id, name)
    WHERE state IN ('ready', 'running', 'retrying')`.execute(db)

  await sql`CREATE TABLE errand.transitions (
    task_id uuid NOT NULL REFERENCES errand.tasks (id) ON DELETE CASCADE,
    sequence int NOT NULL,
    step text,
    "from" text,
    "to" text NOT NULL,
    reason text,
    actor text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (task_id, sequence)
  )`.execute(db)

  await sql`CREATE TABLE errand.logs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES errand.tasks (id) ON DELETE CASCADE,
    step text NOT NULL,
    message text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  )`.execute(db)
  await sql`CREATE INDEX logs_task ON errand.logs (task_id, id)`.execute(db)

  await sql`CREATE TABLE errand.artifacts (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES errand.tasks (id) ON DELETE CASCADE,
    step text NOT NULL,
    lease text NOT NULL,
    slot text NOT NULL,
    filename text NOT NULL,
    media_type text NOT NULL,
    visibility text NOT NULL,
    keep jsonb NOT NULL,
    storage text NOT NULL,
    key text NOT NULL,
    size bigint,
    sha256 text,
    state text NOT NULL CHECK (state IN (${oneOf(artifactStates)})),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    ended_at timestamptz,
    ended_reason text,
    ended_by text,
    purged_at timestamptz
  )`.execute(db)
  await sql`CREATE INDEX artifacts_task ON errand.artifacts (task_id)`.execute(db)
  await sql`CREATE INDEX artifacts_expiry ON errand.artifacts (expires_at) WHERE state = 'available'`.execute(db)
  // Gone from the record, but the bytes are not yet confirmed as gone from the storage.
  await sql`CREATE INDEX artifacts_unpurged ON errand.artifacts (ended_at)
    WHERE state IN ('deleted', 'expired', 'consumed') AND purged_at IS NULL`.execute(db)

  await sql`CREATE TABLE errand.uploads (
    id uuid PRIMARY KEY,
    owner text NOT NULL,
    filename text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    storage text NOT NULL,
    key text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz
  )`.execute(db)

  await sql`CREATE TABLE errand.workers (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    host text NOT NULL,
    pid int NOT NULL,
    concurrency int NOT NULL,
    serves jsonb NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    heartbeat_at timestamptz NOT NULL DEFAULT now(),
    stopped_at timestamptz
  )`.execute(db)
}
