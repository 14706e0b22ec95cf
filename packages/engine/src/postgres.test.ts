import { randomUUID } from 'node:crypto'
import { defineTask } from '@errand/task'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { isDatabaseAway } from './database/away.ts'
import { accessPostgres } from './database/postgres-connection.ts'
import { createEngine } from './engine.ts'
import { openLine } from './test-support/cut-line.ts'
import { ada, emptyDatabase, openTestEngine, type TestEngine } from './test-support/databases.ts'
import { until } from './test-support/until.ts'
import type { Claim, Engine, FeedEvent } from './types.ts'

/** What only PostgreSQL can do: several processes on one database, and connections that break. */

const chain = defineTask({ name: 'chain', version: 1, title: 'Chain', input: z.object({}) })
  .step('first', {}, () => 1)
  .step('second', { after: ['first'] }, () => 2)

let bed: TestEngine
let other: Engine
let admin: pg.Client
const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }

beforeAll(async () => {
  bed = await openTestEngine('postgres')
  other = await bed.another()
  await other.work.register(worker, [chain.shape])
  if (bed.database.kind !== 'postgres') throw new Error('unreachable')
  admin = new pg.Client({ connectionString: bed.database.url })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await bed.close()
})

const claimOn = (engine: Engine, taskId: string, workerId = worker.id): Promise<Claim> =>
  until(async () => (await engine.work.claim(workerId, 10)).find((claim) => claim.taskId === taskId), 'a claim')
const start = async (engine: Engine) => (await engine.submit({ definition: 'chain', input: {} }, ada)).task.id
const finish = async (submitter: Engine, runner: Engine, workerId = worker.id) => {
  const id = await start(submitter)
  await runner.work.complete(await claimOn(runner, id, workerId), 1)
  await runner.work.complete(await claimOn(runner, id, workerId), 2)
  return (await submitter.getTask(id, ada)).state
}
/** Ends connections from the server's side. @returns how many */
const terminate = async (name: string) => {
  const { rowCount } = await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
    [name],
  )
  return rowCount ?? 0
}
const listeners = async () => {
  const { rows } = await admin.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'errand-bus' AND query LIKE 'LISTEN%' OR
     datname = current_database() AND application_name = 'errand-bus' AND state = 'idle'`,
  )
  return rows.map(({ pid }) => pid)
}

test('a submit here wakes a worker there, and what the worker does there is seen here', async () => {
  let woken = 0
  const off = other.work.onWork(() => woken++)
  const id = await start(bed.engine)
  await until(() => woken > 0, 'the wake-up')
  off()
  const sequence: number[] = []
  const seen: FeedEvent[] = []
  const watching = (async () => {
    for await (const event of bed.engine.watchTask(id, ada)) {
      seen.push(event)
      if (event.type === 'transition') sequence.push(event.transition.sequence)
    }
  })()
  await other.work.complete(await claimOn(other, id), 1)
  await other.work.complete(await claimOn(other, id), 2)
  await watching
  expect(sequence).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(seen.at(-1)).toMatchObject({ type: 'task', task: { state: 'completed' } })
})

test('a cancel here is heard by the worker there', async () => {
  const id = await start(bed.engine)
  const claim = await claimOn(other, id)
  const heard: string[] = []
  const off = other.work.onCancel((task) => heard.push(task))
  await bed.engine.cancel(id, ada)
  await until(() => heard.includes(id), 'the cancel')
  off()
  await other.work.canceled(claim)
  expect((await bed.engine.getTask(id, ada)).state).toBe('canceled')
})

test('a watcher may resume from any place, also from one that is not there yet', async () => {
  const id = await start(bed.engine)
  await other.work.complete(await claimOn(other, id), 1)
  await other.work.complete(await claimOn(other, id), 2)
  for (const [after, expected] of [
    [0, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [7, [8, 9]],
    [9, []],
    [99, []],
  ] as const) {
    const sequence: number[] = []
    for await (const event of bed.engine.watchTask(id, ada, { after })) {
      if (event.type === 'transition') sequence.push(event.transition.sequence)
    }
    expect(sequence).toEqual(expected)
  }
})

test('the listening connection comes back by itself, and signals cross again', async () => {
  const before = await listeners()
  expect(before).toHaveLength(2)
  expect(await terminate('errand-bus')).toBe(2)
  await until(async () => {
    const now = await listeners()
    return now.length === 2 && now.every((pid) => !before.includes(pid))
  }, 'two new listening connections')
  let woken = 0
  const off = other.work.onWork(() => woken++)
  // What others tell before the new connection listens is not heard, which is why workers also ask; what comes after is.
  await until(async () => {
    await start(bed.engine)
    return woken > 0
  }, 'a wake-up over the new connection')
  off()
})

test('a feed ends when it may have missed something, so that whoever follows it begins anew', async () => {
  const first = Promise.withResolvers<void>()
  const follow = async () => {
    for await (const event of bed.engine.watchAll(ada)) if (event.type === 'inbox') first.resolve()
  }
  const ended = follow()
  await first.promise
  await terminate('errand-bus')
  await ended
  await until(async () => (await listeners()).length === 2, 'two new listening connections')
})

test('what is told while the connection is away is told once it is back', async () => {
  const before = await listeners()
  const third = await bed.another()
  const own = (await listeners()).filter((pid) => !before.includes(pid))
  expect(own).toHaveLength(1)
  let woken = 0
  const off = other.work.onWork(() => woken++)
  await admin.query('SELECT pg_terminate_backend($1)', [own[0]])
  await start(third)
  await until(() => woken > 0, 'a wake-up from whoever was away')
  off()
})

test('connections that break, idle or at work, end no process, and the work goes on', async () => {
  expect(await finish(bed.engine, other)).toBe('completed')
  const working = Promise.allSettled(
    Array.from({ length: 50 }, () => until(() => start(bed.engine).catch(() => undefined), 'a submit')),
  )
  for (let times = 0; times < 3; times++) {
    await terminate('errand')
    await terminate('errand-dispatch')
  }
  const submits = await working
  expect(submits.every(({ status }) => status === 'fulfilled')).toBe(true)
  const done = await until(() => finish(bed.engine, other).catch(() => undefined), 'a task that completes')
  expect(done).toBe('completed')
})

test('four engines that start at once on an empty database all find it ready', async () => {
  const { config, drop } = await emptyDatabase('postgres')
  const open = () => createEngine({ database: config, storages: { default: { scheme: 'memory' } } })
  const engines = await Promise.all([open(), open(), open(), open()])
  const workers = engines.map((_, index) => ({ ...worker, id: randomUUID(), name: `w${index}` }))
  await Promise.all(engines.map((engine, index) => engine.work.register(workers[index] ?? worker, [chain.shape])))
  const [first, , , last] = engines
  if (first === undefined || last === undefined) throw new Error('unreachable')
  expect(await finish(first, last, workers[3]?.id)).toBe('completed')
  for (const engine of engines) await engine.close()
  await drop()
})

test('two versions of a new name that are registered at the same instant are both there, one of them promoted', async () => {
  for (let times = 0; times < 10; times++) {
    const versions = [1, 2].map(
      (version) =>
        defineTask({ name: `race-${times}`, version, title: 'Race', input: z.object({}) }).step('only', {}, () => 1)
          .shape,
    )
    await Promise.all(
      versions.map((shape, index) =>
        (index === 0 ? bed.engine : other).work.register({ ...worker, id: randomUUID() }, [shape]),
      ),
    )
    const found = (await bed.engine.definitions(ada)).filter(({ name }) => name === `race-${times}`)
    expect(found).toHaveLength(2)
    expect(found.filter(({ promoted }) => promoted)).toHaveLength(1)
  }
})

test('a database out of reach is an error and not the end, and once it is back everything is', async () => {
  if (bed.database.kind !== 'postgres') throw new Error('unreachable')
  const line = await openLine(bed.database.url)
  const engine = await createEngine({
    database: { kind: 'postgres', url: line.url },
    storages: { default: { scheme: 'memory' } },
  })
  const mine = { ...worker, id: randomUUID() }
  await engine.work.register(mine, [chain.shape])
  expect(await finish(engine, engine, mine.id)).toBe('completed')
  const id = await start(engine)
  const claim = await claimOn(engine, id, mine.id)
  await engine.work.log(claim, 'before the cut')

  await line.cut()
  await expect(engine.ping()).rejects.toThrow()
  await expect(start(engine)).rejects.toThrow()
  await expect(engine.work.complete(claim, 1)).rejects.toThrow()

  await line.mend()
  await until(
    () =>
      engine.ping().then(
        () => true,
        () => false,
      ),
    'an answer of the database',
  )
  await engine.work.complete(claim, 1)
  await engine.work.complete(await claimOn(engine, id, mine.id), 2)
  expect((await bed.engine.getTask(id, ada)).state).toBe('completed')
  let woken = 0
  const off = engine.work.onWork(() => woken++)
  await until(async () => {
    await start(bed.engine)
    return woken > 0
  }, 'a wake-up over the mended line')
  off()
  await engine.close()
  await line.close()
})

test('a server that is not there is a problem that says what to check', async () => {
  await expect(
    createEngine({
      database: { kind: 'postgres', url: 'postgres://nobody@127.0.0.1:1/nothing' },
      storages: { default: { scheme: 'memory' } },
    }),
  ).rejects.toMatchObject({ code: 'database-unreachable', hint: expect.stringContaining('DATABASE_URL') })
})

test('of several hosts the one that accepts writes is taken, and another when it has changed', async () => {
  if (bed.database.kind !== 'postgres') throw new Error('unreachable')
  const { config, drop } = await emptyDatabase('postgres')
  if (config.kind !== 'postgres') throw new Error('unreachable')
  const lines = await Promise.all([openLine(config.url), openLine(config.url)])
  const [first, second] = lines
  const url = new URL(config.url)
  const hosts = lines.map((line) => new URL(line.url).host)
  // The first of all is not there at all.
  const several = `${url.protocol}//${url.username}:${url.password}@127.0.0.1:1,${hosts.join(',')}${url.pathname}`
  await second.cut()
  const engine = await createEngine({
    database: { kind: 'postgres', url: `${several}?target_session_attrs=read-write` },
    storages: { default: { scheme: 'memory' } },
  })
  const mine = { ...worker, id: randomUUID() }
  await engine.work.register(mine, [chain.shape])
  expect(await finish(engine, engine, mine.id)).toBe('completed')

  await first.cut()
  await expect(start(engine)).rejects.toSatisfy(isDatabaseAway)
  await second.mend()
  const done = await until(() => finish(engine, engine, mine.id).catch(() => undefined), 'a task on the other host')
  expect(done).toBe('completed')

  // A server that accepts no writes is no place to go on, though it answers.
  await admin.query(`ALTER DATABASE ${url.pathname.slice(1)} SET default_transaction_read_only = on`)
  await second.cut()
  await second.mend()
  await expect(until(() => start(engine).catch((error: unknown) => error), 'an error')).resolves.toSatisfy(
    isDatabaseAway,
  )
  await admin.query(`ALTER DATABASE ${url.pathname.slice(1)} SET default_transaction_read_only = off`)
  await until(() => start(engine).catch(() => undefined), 'a submit')
  await engine.close()
  for (const line of lines) await line.close()
  await drop()
})

test('a line that falls silent in the middle of a query is an error in the end, and nothing waits behind it', async () => {
  if (bed.database.kind !== 'postgres') throw new Error('unreachable')
  const line = await openLine(bed.database.url)
  const pool = new pg.Pool({ ...accessPostgres(line.url).config('silent', { silence: 500 }), max: 1 })
  pool.on('error', () => undefined)
  await pool.query('SELECT 1')
  line.hush()
  const waiting = await Promise.allSettled([pool.query('SELECT 1'), pool.query('SELECT 2')])
  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  for (const each of waiting) if (each.status === 'rejected') expect(each.reason).toSatisfy(isDatabaseAway)
  line.speak()
  expect((await pool.query<{ n: number }>('SELECT 3 AS n')).rows).toEqual([{ n: 3 }])
  await pool.end()
  await line.close()
})

test('every connection has the server end a transaction that stands still', async () => {
  if (bed.database.kind !== 'postgres') throw new Error('unreachable')
  const stuck = accessPostgres(bed.database.url).client('stuck', {})
  stuck.on('error', () => undefined)
  await stuck.connect()
  const { rows } = await stuck.query<{ idle_in_transaction_session_timeout: string }>(
    'SHOW idle_in_transaction_session_timeout',
  )
  expect(rows).toEqual([{ idle_in_transaction_session_timeout: '10s' }])
  await stuck.end()
})
