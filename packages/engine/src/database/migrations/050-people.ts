import { type Kysely, sql } from 'kysely'

/**
 * Who people are, what they may, and what they are told. Secrets are kept as SHA-256 alone: each has 256 random bits,
 * so that there is nothing to guess and no need for a slow hash.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Everybody who was ever seen, as last seen: for whoever must be told or asked about when they are not here.
  await sql`CREATE TABLE errand.principals (
    id text PRIMARY KEY,
    name text NOT NULL,
    email text,
    staff boolean NOT NULL DEFAULT false,
    roles jsonb NOT NULL DEFAULT '[]',
    locale text,
    time_zone text,
    seen_at timestamptz NOT NULL DEFAULT now()
  )`.execute(db)
  await sql`CREATE TABLE errand.memberships (
    principal text NOT NULL,
    scope text NOT NULL,
    role text NOT NULL CHECK (role IN ('team', 'staff')),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, scope)
  )`.execute(db)
  await sql`CREATE INDEX memberships_scope ON errand.memberships (scope)`.execute(db)

  await sql`CREATE TABLE errand.sign_in_links (
    hash text PRIMARY KEY,
    principal jsonb NOT NULL,
    expires_at timestamptz NOT NULL
  )`.execute(db)
  await sql`CREATE TABLE errand.sessions (
    hash text PRIMARY KEY,
    principal jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
  )`.execute(db)
  await sql`CREATE TABLE errand.tokens (
    id uuid PRIMARY KEY,
    hash text NOT NULL UNIQUE,
    principal text NOT NULL,
    holder jsonb NOT NULL,
    name text NOT NULL,
    scopes jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`.execute(db)
  await sql`CREATE INDEX tokens_principal ON errand.tokens (principal)`.execute(db)

  await sql`CREATE TABLE errand.notifications (
    id uuid PRIMARY KEY,
    principal text NOT NULL,
    kind text NOT NULL,
    event text NOT NULL,
    task_id uuid,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    routed_at timestamptz,
    UNIQUE (principal, event)
  )`.execute(db)
  await sql`CREATE INDEX notifications_inbox ON errand.notifications (principal, id DESC)`.execute(db)
  await sql`CREATE INDEX notifications_unread ON errand.notifications (principal) WHERE read_at IS NULL`.execute(db)
  await sql`CREATE INDEX notifications_unrouted ON errand.notifications (id) WHERE routed_at IS NULL`.execute(db)
  // One for each notification and channel, however often whoever makes them is killed.
  await sql`CREATE TABLE errand.deliveries (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES errand.notifications (id) ON DELETE CASCADE,
    principal text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    digest boolean NOT NULL DEFAULT false,
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    UNIQUE (notification_id, channel)
  )`.execute(db)
  await sql`CREATE INDEX deliveries_due ON errand.deliveries (due_at) WHERE state = 'waiting'`.execute(db)
  await sql`CREATE TABLE errand.delivery_attempts (
    delivery_id uuid NOT NULL REFERENCES errand.deliveries (id) ON DELETE CASCADE,
    attempt int NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    detail text,
    PRIMARY KEY (delivery_id, attempt)
  )`.execute(db)
  await sql`CREATE TABLE errand.preferences (
    principal text NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    cadence text NOT NULL CHECK (cadence IN ('now', 'daily', 'never')),
    PRIMARY KEY (principal, kind, channel)
  )`.execute(db)
  await sql`CREATE TABLE errand.channels (
    name text PRIMARY KEY,
    disabled_at timestamptz,
    reason text
  )`.execute(db)
  // Who looks at the screen right now: a short task's end is no news to them.
  await sql`CREATE TABLE errand.watching (
    principal text PRIMARY KEY,
    until timestamptz NOT NULL
  )`.execute(db)
}
