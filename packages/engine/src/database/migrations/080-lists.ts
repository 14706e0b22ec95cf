import { type Kysely, sql } from 'kysely'

/** What separates words: everything of ASCII that is neither a letter nor a digit. */
const SEPARATORS = ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`

/** Lists of a million tasks: by definition, and by words, each walked from the newest on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`CREATE INDEX tasks_definition ON errand.tasks (definition, id DESC)`.execute(db)
  // Beginnings of words are found, of whatever language: titles are in that of the platform, keys in none.
  await sql`CREATE FUNCTION errand.task_words(title text, scope text, id uuid) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('pg_catalog.simple'::regconfig, translate(title || ' ' || scope || ' ' || id::text,
      ${sql.lit(SEPARATORS)}, ${sql.lit(' '.repeat(SEPARATORS.length))}))`.execute(db)
  // Once a task is over it is never written again: each enters the index once, and not with each change of state.
  await sql`CREATE INDEX tasks_words ON errand.tasks USING gin (errand.task_words(title, scope, id))
    WHERE state IN ('completed', 'completed_with_errors', 'failed', 'canceled')`.execute(db)
}
