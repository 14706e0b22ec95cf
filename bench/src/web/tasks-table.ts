import pg from 'pg'

/** Of whom and about what the tasks are. */
export const PEOPLE = 5_000
export const COURSES = 2_000
/** Courses in which `lead` is staff, and `mate` of the team. */
export const ROLES = 20

export const courseOf = (index: number) => `course-v1:Bench+C${index}+2026`

/** Seconds between two tasks: a million are four months. */
const APART = 10

/**
 * Puts tasks into the record as if they had been started one after the other, up to now, and had all ended: most of them
 * well. By SQL, as a million submits would take the morning.
 */
export async function fillTasks(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`SET synchronous_commit = off; SET work_mem = '256MB'; SET search_path = errand`)
    for (let from = 0; from < count; from += 100_000) {
      const to = Math.min(count, from + 100_000)
      await client.query(
        `WITH made AS (
          INSERT INTO tasks (id, definition, version, title, scope, owner, owner_name, input, uploads, origin, state, sequence,
            created_at, started_at, finished_at)
          SELECT uuidv7(-make_interval(secs => ($3::int - n) * ${APART})),
            CASE WHEN n % 10 = 0 THEN 'web.copy' ELSE 'web.report' END, 1,
            CASE WHEN n % 10 = 0 THEN 'Copy of a course' ELSE 'Grade report' END,
            'course:course-v1:Bench+C' || (n * 7919 % ${COURSES}) || '+2026', 'p' || (n * 104729 % ${PEOPLE}), 'Person',
            jsonb_build_object('course', 'course-v1:Bench+C' || (n * 7919 % ${COURSES}) || '+2026'), '{}', '{"by": "web"}',
            CASE WHEN n % 100 < 94 THEN 'completed' WHEN n % 100 < 97 THEN 'failed' WHEN n % 100 < 99 THEN 'canceled'
              ELSE 'completed_with_errors' END, 6, at, at, at
          FROM generate_series($1::bigint, $2::bigint - 1) AS n,
            LATERAL (SELECT now() - make_interval(secs => ($3::int - n) * ${APART}) AS at) times
          RETURNING id, definition, state, created_at)
        INSERT INTO steps (task_id, name, ordinal, kind, state, attempt, started_at, finished_at)
        SELECT id, CASE definition WHEN 'web.copy' THEN 'copy' ELSE 'write' END, 0, 'step',
          CASE state WHEN 'failed' THEN 'failed' WHEN 'canceled' THEN 'canceled' ELSE 'completed' END, 1, created_at, created_at
        FROM made`,
        [from, to, count],
      )
      process.stderr.write(`${to} tasks are there\n`)
    }
    await client.query(
      `INSERT INTO memberships (principal, scope, role, created_by)
       SELECT who, 'course:course-v1:Bench+C' || n || '+2026', CASE who WHEN 'lead' THEN 'staff' ELSE 'team' END, 'root'
       FROM unnest(ARRAY['lead', 'mate']) AS who, generate_series(1, ${ROLES}) AS n`,
    )
    await client.query('VACUUM ANALYZE tasks')
    await client.query('VACUUM ANALYZE steps')
  } finally {
    await client.end()
  }
}
