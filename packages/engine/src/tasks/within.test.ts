import { randomUUID } from 'node:crypto'
import { defineTask } from '@errand/task'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallersTransaction } from '../database/callers-transaction.ts'
import { fromPg } from '../dispatch/callers.ts'
import { ada, emptyDatabase, openTestEngine, type TestEngine } from '../test-support/databases.ts'
import { until } from '../test-support/until.ts'

/** Submits within transactions that are not ours. The libraries that hand them out are tried in examples/transactions. */

const invoice = defineTask({ name: 'invoice', version: 1, title: 'Invoice', input: z.object({ order: z.string() }) })
  .step('write', {}, () => 1)
  .step('send', { after: ['write'] }, () => 2)
const lone = defineTask({
  name: 'lone',
  version: 1,
  title: 'One at a time',
  input: z.object({ course: z.string() }),
  unique: ({ course }) => course,
}).step('only', {}, () => 1)
const limited = defineTask({
  name: 'limited',
  version: 1,
  title: 'Once a day',
  input: z.object({}),
  limits: { owner: { perDay: 1 } },
}).step('only', {}, () => 1)
const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }

let bed: TestEngine
let client: pg.Client
/** Sees what has been committed. */
let outside: pg.Client

beforeAll(async () => {
  bed = await openTestEngine('postgres')
  await bed.engine.work.register(worker, [invoice.shape, lone.shape, limited.shape])
  client = await connect(urlOf(bed))
  outside = await connect(urlOf(bed))
  await client.query('CREATE TABLE orders (id text PRIMARY KEY)')
})
afterAll(async () => {
  await client.end()
  await outside.end()
  await bed.close()
})
beforeEach(() => client.query('BEGIN'))
afterEach(() => client.query('ROLLBACK'))

function urlOf({ database }: Pick<TestEngine, 'database'>): string {
  if (database.kind !== 'postgres') throw new Error('unreachable')
  return database.url
}

async function connect(url: string): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: url })
  await made.connect()
  return made
}

/** Rows that others see of a task, anywhere. */
async function traces(id: string): Promise<Record<string, number>> {
  const { rows } = await outside.query(
    `SELECT (SELECT count(*)::int FROM errand.tasks WHERE id = $1) AS tasks,
       (SELECT count(*)::int FROM errand.steps WHERE task_id = $1) AS steps,
       (SELECT count(*)::int FROM errand.transitions WHERE task_id = $1) AS transitions,
       (SELECT count(*)::int FROM errand_dispatch.job WHERE data->>'taskId' = $1::text) AS jobs`,
    [id],
  )
  return rows[0]
}
/** Types that hold a time, which Drizzle for one hands out as texts. */
const times = new Set<number>([pg.types.builtins.TIMESTAMPTZ, pg.types.builtins.TIMESTAMP, pg.types.builtins.DATE])
const nothing = { tasks: 0, steps: 0, transitions: 0, jobs: 0 }
const submit = (input: { definition: string; input: object; idempotencyKey?: string }) =>
  bed.engine.within(fromPg(client)).submit(input, ada)

test("a commit makes the caller's row, the task and its wake-up at once", async () => {
  await client.query("INSERT INTO orders VALUES ('o1')")
  const { id, created } = await submit({ definition: 'invoice', input: { order: 'o1' } })
  expect(created).toBe(true)
  expect(await traces(id)).toEqual(nothing)
  await expect(bed.engine.getTask(id, ada)).rejects.toMatchObject({ code: 'task-unknown' })

  await client.query('COMMIT')
  expect(await traces(id)).toMatchObject({ tasks: 1, steps: 2, jobs: 1 })
  expect(await bed.engine.getTask(id, ada)).toMatchObject({ state: 'pending', steps: [{ state: 'ready' }, {}] })
  const [claim] = await bed.engine.work.claim(worker.id, 1)
  expect(claim).toMatchObject({ taskId: id, step: 'write' })
})

test('a rollback leaves nothing of it', async () => {
  const { id } = await submit({ definition: 'invoice', input: { order: 'o2' } })
  await client.query('ROLLBACK')
  expect(await traces(id)).toEqual(nothing)
})

test('nor does a savepoint that is rolled back, while the rest is committed', async () => {
  const { id: kept } = await submit({ definition: 'invoice', input: { order: 'o3' } })
  await client.query('SAVEPOINT here')
  const { id: gone } = await submit({ definition: 'invoice', input: { order: 'o4' } })
  await client.query('ROLLBACK TO SAVEPOINT here')
  await client.query('COMMIT')
  expect(await traces(kept)).toMatchObject({ tasks: 1, jobs: 1 })
  expect(await traces(gone)).toEqual(nothing)
})

test('what was refused leaves the transaction as good as it was', async () => {
  const { task } = await bed.engine.submit({ definition: 'lone', input: { course: 'c1' } }, ada)
  const refused = submit({ definition: 'lone', input: { course: 'c1' } })
  await expect(refused).rejects.toMatchObject({ code: 'task-running', extensions: { task: task.id } })
  await expect(submit({ definition: 'invoice', input: {} })).rejects.toMatchObject({ code: 'input-invalid' })
  await client.query("INSERT INTO orders VALUES ('o5')")
  await client.query('COMMIT')
  const { rows } = await outside.query("SELECT id FROM orders WHERE id = 'o5'")
  expect(rows).toHaveLength(1)
})

test('one key of idempotency is one task, within the transaction and after it', async () => {
  const request = { definition: 'invoice', input: { order: 'o6' }, idempotencyKey: 'o6' }
  const { id } = await submit(request)
  expect(await submit(request)).toEqual({ id, created: false })
  await client.query('COMMIT')
  expect((await bed.engine.submit(request, ada)).task.id).toBe(id)
})

test('who wants a key that the transaction holds waits for its end; nobody else does', async () => {
  await submit({ definition: 'lone', input: { course: 'c2' } })
  const same = bed.engine.submit({ definition: 'lone', input: { course: 'c2' } }, ada)
  await until(async () => {
    const { rows } = await outside.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name = 'errand'",
    )
    return rows.length > 0
  }, 'one that waits')
  expect(await bed.engine.submit({ definition: 'lone', input: { course: 'c3' } }, ada)).toMatchObject({ created: true })
  await client.query('ROLLBACK')
  expect(await same).toMatchObject({ created: true })
})

test("a limit counts what the transaction has made, whatever the caller's driver makes of a time", async () => {
  const timesAsText: CallersTransaction = (text, values) =>
    client.query({
      text,
      values: [...values],
      types: { getTypeParser: (id, format) => (times.has(id) ? String : pg.types.getTypeParser(id, format)) },
    })
  const within = bed.engine.within(timesAsText)
  await within.submit({ definition: 'limited', input: {} }, ada)
  await expect(within.submit({ definition: 'limited', input: {} }, ada)).rejects.toMatchObject({
    code: 'limit-reached',
    extensions: { limit: { most: 1, used: 1, freesAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) } },
  })
})

test('others are told with the commit, and of a rollback nothing', async () => {
  const heard: string[] = []
  outside.on('notification', ({ payload }) => heard.push(payload ?? ''))
  await outside.query('LISTEN errand')
  const { id: gone } = await submit({ definition: 'invoice', input: { order: 'o8' } })
  await client.query('ROLLBACK')
  await client.query('BEGIN')
  const { id } = await submit({ definition: 'invoice', input: { order: 'o9' } })
  await client.query('COMMIT')
  await until(() => heard.some((payload) => payload.includes(id)), 'the signal')
  expect(heard.some((payload) => payload.includes('invoice/v1'))).toBe(true)
  expect(heard.some((payload) => payload.includes(gone))).toBe(false)
  await outside.query('UNLISTEN errand')
})

test('a transaction elsewhere is refused, and stays as it was', async () => {
  const empty = await emptyDatabase('postgres')
  const other = await openTestEngine('postgres')
  try {
    if (empty.config.kind !== 'postgres') throw new Error('unreachable')
    for (const url of [empty.config.url, urlOf(other)]) {
      const foreign = await connect(url)
      await foreign.query('BEGIN')
      const submitted = bed.engine.within(fromPg(foreign)).submit({ definition: 'invoice', input: { order: 'x' } }, ada)
      await expect(submitted).rejects.toMatchObject({ code: 'transaction-elsewhere' })
      expect((await foreign.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      await foreign.end()
    }
  } finally {
    await other.close()
    await empty.drop()
  }
})

test('a client that is in no transaction is refused, and the embedded database has none to offer', async () => {
  await client.query('ROLLBACK')
  const request = { definition: 'invoice', input: { order: 'o10' } }
  await expect(submit(request)).rejects.toMatchObject({ code: 'transaction-missing' })
  const embedded = await openTestEngine('pglite')
  try {
    const submitted = embedded.engine.within(fromPg(client)).submit(request, ada)
    await expect(submitted).rejects.toMatchObject({ code: 'transaction-elsewhere' })
  } finally {
    await embedded.close()
  }
})
