import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { defaults } from '../config.ts'
import { openDatabase } from '../database/open.ts'
import { KilledProcess } from '../test-support/killed-process.ts'
import { tellShape } from '../test-support/tell-shape.ts'
import { closeAllAfterEach, closeLater, openTelling } from '../test-support/telling.ts'
import { until } from '../test-support/until.ts'

const LONG = process.env.ERRAND_LONG === '1'
const TASKS = LONG ? 10_000 : 200
/** Of a worker and of the mail server by turns, at even distances in the mails. */
const KILLS = LONG ? 40 : 4
const WORKERS = 2
/** Milliseconds between two kills, or from the last to the end: a lost lease of each kind is waited for, and a slow machine. */
const PATIENCE = 240_000

closeAllAfterEach()

test(`${TASKS} tasks end while workers and the mail server are killed: each owner has one entry and one mail`, {
  timeout: LONG ? 1_800_000 : 600_000,
}, async () => {
  // This process starts the tasks and tells nobody: it has no channels.
  const { database, engine } = await openTelling('postgres')
  if (database.kind !== 'postgres') throw new Error('It takes several processes.')
  await engine.work.register({ id: randomUUID(), name: 's', host: 'h', pid: 1, concurrency: 1 }, [tellShape])

  /** By recipient: the ids of the mails, each with how often it was taken. */
  const mails = new Map<string, Map<string, number>>()
  let taken = 0
  let port = 0
  const mailServer = new KilledProcess('mail-child.ts', ([what, first = '', id = '']) => {
    if (what === 'listening') port = Number(first)
    if (what !== 'mail') return
    const ids = mails.get(first) ?? new Map<string, number>()
    mails.set(first, ids.set(id, (ids.get(id) ?? 0) + 1))
    taken += 1
  })
  closeLater(() => mailServer.kill())
  mailServer.start('0')
  await until(() => port !== 0, 'the mail server')
  const workers = Array.from({ length: WORKERS }, () => new KilledProcess('tell-child.ts'))
  const startWorker = (worker: KilledProcess) => worker.start(database.url, `smtp://127.0.0.1:${port}`)
  for (const worker of workers) {
    closeLater(() => worker.kill())
    startWorker(worker)
  }

  const owners = Array.from({ length: TASKS }, (_, n) => `owner-${n}`)
  const starting = (async () => {
    for (let from = 0; from < TASKS; from += 100) {
      await Promise.all(
        owners.slice(from, from + 100).map((id) => {
          const who = { id, name: id, staff: false, email: `${id}@example.org` }
          return engine.submit({ definition: tellShape.name, input: {} }, who)
        }),
      )
    }
  })()
  for (let kill = 1; kill <= KILLS; kill++) {
    await until(() => taken >= (kill * TASKS) / (KILLS + 1), `the mails before kill ${kill}`, PATIENCE)
    const worker = workers[(kill >> 1) % WORKERS]
    if (kill % 2 === 0) {
      await mailServer.kill()
      mailServer.start(String(port))
    } else if (worker !== undefined) {
      await worker.kill()
      startWorker(worker)
    }
  }
  await starting
  const { db, close } = await openDatabase(database, () => undefined)
  closeLater(close)
  await until(
    async () => {
      const { rows } = await sql<{ sent: number }>`
      SELECT count(*)::int AS sent FROM errand.deliveries WHERE state = 'sent'`.execute(db)
      return rows[0]?.sent === TASKS
    },
    'all deliveries',
    PATIENCE,
  )

  const { rows: entries } = await sql<{ principal: string; count: number }>`
    SELECT principal, count(*)::int AS count FROM errand.notifications GROUP BY principal`.execute(db)
  expect(entries).toHaveLength(TASKS)
  expect(entries.filter(({ count }) => count !== 1)).toEqual([])
  expect([...mails.keys()].sort()).toEqual(owners.map((id) => `${id}@example.org`).sort())
  expect([...mails].filter(([, ids]) => ids.size !== 1)).toEqual([])
  // What was taken in the moment of a kill comes again, with the id it had: as many as are under way at most.
  const again = taken - TASKS
  expect(again).toBeLessThanOrEqual(KILLS * defaults.deliveriesAtOnce * WORKERS)
  process.stdout.write(`${TASKS} tasks, ${KILLS} kills: ${again} mails came again under the id they had\n`)
})
