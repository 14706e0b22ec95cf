import pg from 'pg'
import type { Counter } from './system.ts'

/** Counts by a query whose one column is `count`. */
export async function countByQuery(url: string, text: string): Promise<Counter & { client: pg.Client }> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    client,
    count: async () => Number((await client.query<{ count: string }>(text)).rows[0]?.count ?? 0),
    // As autovacuum does within a minute; without it, plans are made for tables of a size that is not theirs.
    settle: async () => {
      await client.query('ANALYZE')
    },
    close: () => client.end(),
  }
}
