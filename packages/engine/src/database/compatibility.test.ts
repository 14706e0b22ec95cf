import { sql } from 'kysely'
import pg from 'pg'
import { expect, test } from 'vitest'
import { createEngine } from '../engine.ts'
import { emptyDatabase } from '../test-support/databases.ts'
import { openRooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { migrations } from './migrations/index.ts'

const LATER = '999-later'
const last = Object.keys(migrations).at(-1)
const shape = shapeOf([stepOf('work')])

/** A database that a newer Errand has brought further. */
async function withLater(statements: string[], action: (url: string) => Promise<void>): Promise<void> {
  const { config, drop } = await emptyDatabase('postgres')
  if (config.kind !== 'postgres') throw new Error('unreachable')
  try {
    await (await createEngine({ database: config, storages: { default: { scheme: 'memory' } } })).close()
    const client = new pg.Client({ connectionString: config.url })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
    await action(config.url)
  } finally {
    await drop()
  }
}

const record = `INSERT INTO errand.kysely_migration (name, timestamp) VALUES ('${LATER}', now()::text)`

test('an older program works on a schema that was only expanded', async () => {
  await withLater([record, 'ALTER TABLE errand.tasks ADD COLUMN later text'], async (url) => {
    const rooms = await openRooms({ kind: 'postgres', url }, [shape])
    const { id } = await rooms.submit({ definition: shape.name, input: {} })
    await rooms.work.complete(await rooms.claimOf(id), null)
    expect((await rooms.task(id)).state).toBe('completed')
    const { rows } = await sql<{ name: string }>`SELECT name FROM errand.kysely_migration ORDER BY name`.execute(
      rooms.services.db,
    )
    expect(rows.at(-1)?.name).toBe(LATER)
    await rooms.close()
  })
})

test.each([
  [
    'refuses one that has lost what it uses',
    [record, `INSERT INTO errand.schema_needs VALUES ('${LATER}')`],
    {
      code: 'schema-too-new',
      title: 'The database belongs to a newer Errand',
      detail: `Its schema has ${LATER}, without which nobody may work on it; this one knows up to ${last}.`,
      hint: 'Install the version of Errand that the other servers and workers run, and start again.',
    },
  ],
  [
    'refuses one of another line',
    [record, `DELETE FROM errand.kysely_migration WHERE name = '${last}'`],
    { code: 'schema-foreign', detail: `It has ${LATER}, which this one does not know, and lacks ${last}.` },
  ],
])('and %s', async (_what, statements, problem) => {
  await withLater(statements, async (url) => {
    const opened = createEngine({ database: { kind: 'postgres', url }, storages: { default: { scheme: 'memory' } } })
    await expect(opened).rejects.toMatchObject(problem)
  })
})
