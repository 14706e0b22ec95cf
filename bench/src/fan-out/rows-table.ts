import { createWriteStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

/**
 * A table of rows, for systems that keep no results: what a team would add beside its queue to know what is done and to
 * write the file in order.
 */

const SCHEMA = 'CREATE TABLE rows (report text, n integer, row text NOT NULL, PRIMARY KEY (report, n))'
/** Of columns, each as an array. */
export const INSERT = 'INSERT INTO rows SELECT * FROM unnest($1::text[], $2::integer[], $3::text[])'
/** Milliseconds between two looks at how many are there, at least and at most: a look is work for the database too. */
const LOOK = { least: 10, most: 500 }
/** Rows read at once when the file is written. */
const PAGE = 10_000

export async function createRows(url: string): Promise<void> {
  const client = await connect(url)
  await client.query(SCHEMA)
  await client.end()
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

export async function openRows(url: string): Promise<{
  /** Resolves when the report has so many rows. */
  complete(report: string, items: number): Promise<void>
  write(report: string, file: string): Promise<void>
  close(): Promise<void>
}> {
  const client = await connect(url)
  return {
    async complete(report, items) {
      const begin = performance.now()
      for (;;) {
        const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM rows WHERE report = $1', [report])
        const count = Number(rows[0]?.count)
        if (count >= items) return
        // Half of the time that is left at this speed.
        const left = ((performance.now() - begin) / Math.max(1, count)) * (items - count)
        await delay(Math.min(LOOK.most, Math.max(LOOK.least, left / 2)))
      }
    },
    async write(report, file) {
      const stream = createWriteStream(file)
      for (let last = -1; ; ) {
        const { rows } = await client.query<{ n: number; row: string }>(
          'SELECT n, row FROM rows WHERE report = $1 AND n > $2 ORDER BY n LIMIT $3',
          [report, last, PAGE],
        )
        stream.write(rows.map(({ row }) => row).join(''))
        last = rows.at(-1)?.n ?? last
        if (rows.length < PAGE) break
      }
      await new Promise<void>((resolve, reject) => stream.on('error', reject).end(resolve))
    },
    close: () => client.end(),
  }
}

/**
 * Writes rows that are handed in one by one, as jobs that each await theirs do: what comes while a statement is under
 * way goes into the next, so that many share a commit.
 */
export async function openRowWriter(url: string): Promise<{
  write(report: string, n: number, row: string): Promise<void>
  close(): Promise<void>
}> {
  const client = await connect(url)
  let waiting: { report: string; n: number; row: string; settled: PromiseWithResolvers<void> }[] = []
  let writing = false
  const flush = async () => {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const columns = [batch.map(({ report }) => report), batch.map(({ n }) => n), batch.map(({ row }) => row)]
      const written = client.query(`${INSERT} ON CONFLICT DO NOTHING`, columns)
      await written.then(
        () => batch.forEach(({ settled }) => void settled.resolve()),
        (error) => batch.forEach(({ settled }) => void settled.reject(error)),
      )
    }
    writing = false
  }
  return {
    write(report, n, row) {
      const settled = Promise.withResolvers<void>()
      waiting.push({ report, n, row, settled })
      if (!writing) {
        writing = true
        setImmediate(() => void flush())
      }
      return settled.promise
    },
    close: () => client.end(),
  }
}

export async function countRows(url: string): Promise<number> {
  const client = await connect(url)
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM rows')
  await client.end()
  return Number(rows[0]?.count)
}
