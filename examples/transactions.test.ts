import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Principal } from '@errand/engine'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../packages/engine/src/test-support/databases.ts'
import { type Errand, openErrand, startWorker } from './platform/errand.ts'
import { enrol as enrolWithDrizzle } from './transactions/drizzle.ts'
import { type Enrolment, SCHEMA } from './transactions/enrolment.ts'
import { enrol as enrolWithKysely, type Tables } from './transactions/kysely.ts'
import { enrol as enrolWithPg } from './transactions/pg.ts'

/** The examples of transactions, as they stand there to be copied. */

const ada: Principal = { id: 'ada', name: 'Ada', staff: false }

let folder: string
let drop: () => Promise<void>
let pool: pg.Pool
let errand: Errand
let worker: { stop(): Promise<void> }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-transactions-'))
  const database = await emptyDatabase('postgres')
  drop = database.drop
  if (database.config.kind !== 'postgres') throw new Error('unreachable')
  pool = new pg.Pool({ connectionString: database.config.url, max: 4 })
  await pool.query(SCHEMA)
  errand = await openErrand({ databaseUrl: database.config.url, filesFolder: folder })
  worker = await startWorker(errand.engine)
})
afterAll(async () => {
  await worker.stop()
  await errand.engine.close()
  await pool.end()
  await drop()
  await rm(folder, { recursive: true, force: true })
})

const libraries: [string, (enrolment: Enrolment) => Promise<string>][] = [
  ['pg', (enrolment) => enrolWithPg(pool, errand.engine, enrolment, ada)],
  [
    'kysely',
    (enrolment) =>
      enrolWithKysely(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), errand.engine, enrolment, ada),
  ],
  ['drizzle', (enrolment) => enrolWithDrizzle(drizzle(pool), errand.engine, enrolment, ada)],
]

describe.each(libraries)('with %s', (course, enrol) => {
  const learners = async () => {
    const { rows } = await pool.query('SELECT learner FROM enrolments WHERE course = $1 ORDER BY seat', [course])
    return rows.map(({ learner }) => learner)
  }
  const tasks = async () => {
    const { tasks: found } = await errand.engine.listTasks({ scope: `course:${course}` }, ada)
    return found.map(({ id }) => id)
  }

  test('the enrolment and its task are there together, and the task is done', async () => {
    const id = await enrol({ course, learner: 'Ada', seat: 1 })
    expect(await learners()).toEqual(['Ada'])
    expect(await tasks()).toEqual([id])
    for await (const event of errand.engine.watchTask(id, ada)) {
      if (event.type === 'task' && event.task.finishedAt !== null) break
    }
    expect(await errand.engine.getTask(id, ada)).toMatchObject({
      state: 'completed',
      artifacts: [{ size: `Ada has completed ${course}.\n`.length }],
    })
  })

  test('a seat that is taken undoes both, when the transaction is to commit', async () => {
    const before = await tasks()
    await expect(enrol({ course, learner: 'Grace', seat: 1 })).rejects.toThrow()
    expect(await learners()).toEqual(['Ada'])
    expect(await tasks()).toEqual(before)
    const { rows } = await pool.query(
      'SELECT count(*)::int AS jobs FROM errand_dispatch.job WHERE NOT EXISTS (SELECT FROM errand.tasks t WHERE t.id::text = data->>$1)',
      ['taskId'],
    )
    expect(rows).toEqual([{ jobs: 0 }])
  })
})
