import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { Load, type Promised } from './rolling/load.ts'
import { Site } from './rolling/site.ts'

/**
 * Versions rolled over three workers while tasks come in: to the next and back. 2,000 tasks a minute, for minutes, with
 * `ERRAND_LONG=1`; a few otherwise.
 */

const LONG = process.env.ERRAND_LONG === '1'
vi.setConfig({ testTimeout: LONG ? 3_600_000 : 900_000, hookTimeout: 120_000 })

/** Tasks a second, and how many of them come between two changes. */
const [PER_SECOND, BETWEEN] = LONG ? [2_000 / 60, 700] : [4, 12]
const DEFINITIONS = ['roll.single', 'roll.fan']
/** Items of a task of the second. */
const ITEMS = 20
const ROWS = Array.from({ length: ITEMS }, (_, index) => `item-${index}`)
const pack = (version: number) => fileURLToPath(new URL(`./rolling/pack-${version}`, import.meta.url))

const database = `errand_rolling_${randomUUID().replaceAll('-', '')}`
const url = new URL(inject('postgresUrl'))
url.pathname = `/${database}`
let folder: string

async function query<Row extends pg.QueryResultRow>(text: string, on = inject('postgresUrl')): Promise<Row[]> {
  const client = new pg.Client({ connectionString: on })
  await client.connect()
  return (await client.query<Row>(text).finally(() => client.end())).rows
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-rolling-'))
  await query(`CREATE DATABASE ${database}`)
})
afterAll(async () => {
  await query(`DROP DATABASE ${database} WITH (FORCE)`)
  await rm(folder, { recursive: true, force: true })
})

test('v1 to v2 and back, under load: nothing fails, nothing is lost, each ends on a version that may run it', async () => {
  await using site = await Site.open(folder, url.href)
  const promote = async (version: number) => {
    for (const name of DEFINITIONS) await site.client.promote(name, version)
  }
  await Promise.all([0, 1, 2].map((place) => site.roll(place, pack(1))))
  const load = new Load(site.client, { definitions: DEFINITIONS, perSecond: PER_SECOND, phase: 'v1 on three workers' })
  load.start()
  await load.more(BETWEEN)

  load.phase = 'v2 is rolled out'
  await site.roll(0, pack(2))
  await promote(2)
  await site.roll(1, pack(2))
  await site.roll(2, pack(2))
  load.phase = 'v2 on three workers'
  await load.more(BETWEEN)

  load.phase = 'back to v1'
  await site.roll(0, pack(1))
  await promote(1)
  await site.roll(1, pack(1))
  // Nothing takes over for v2, so the last worker that has it stays until its tasks are done.
  for (const name of DEFINITIONS) await site.drained(name, 2)
  await site.roll(2, pack(1))
  load.phase = 'v1 again'
  await load.more(BETWEEN)
  await load.stop()
  for (const name of DEFINITIONS) for (const version of [1, 2]) await site.drained(name, version)

  const rows = await query<Ended>('SELECT id, version, state, failure FROM errand.tasks', url.href)
  const table = summary(load.promised, rows)
  console.table(table)
  expect(rows.filter(({ state }) => state !== 'completed')).toEqual([])
  const all = table.at(-1)
  expect(all).toMatchObject({ failed: 0, lost: 0, 'not allowed': 0, completed: load.promised.length })
  expect(new Set(load.promised.map(({ version }) => version))).toEqual(new Set([1, 2]))
  // Whichever versions had a hand in it: each item has its row, once, in order.
  const reports = load.promised.filter(({ definition }) => definition === 'roll.fan')
  expect(reports.length).toBeGreaterThan(0)
  for (const { id } of reports) {
    const { artifacts } = await site.client.task(id)
    const report = artifacts.find(({ slot }) => slot === 'report')
    if (report === undefined) throw new Error(`The task ${id} has no report.`)
    const text = await new Response((await site.client.download(report)).body).text()
    expect(
      text
        .trim()
        .split('\r\n')
        .map((row) => row.split(',')[0]),
    ).toEqual(ROWS)
  }
})

interface Ended {
  id: string
  version: number
  state: string
}

/** How fast they came. */
function perMinute(tasks: readonly Promised[]): number {
  const times = tasks.map(({ at }) => at)
  const minutes = (Math.max(...times) - Math.min(...times)) / 60_000
  return minutes > 0 ? Math.round((tasks.length - 1) / minutes) : 0
}

/** One row for each phase in which tasks were started, and one for all of them. */
function summary(promised: readonly Promised[], ended: readonly Ended[]) {
  const byId = new Map(ended.map((row) => [row.id, row]))
  const count = (phase: string, tasks: readonly Promised[]) => {
    const found = tasks.flatMap((task) => {
      const row = byId.get(task.id)
      return row === undefined ? [] : [{ task, row }]
    })
    const how = (which: (one: (typeof found)[0]) => boolean) => found.filter(which).length
    return {
      'started while': phase,
      tasks: tasks.length,
      'a minute': perMinute(tasks),
      completed: how(({ row }) => row.state === 'completed'),
      failed: how(({ row }) => row.state === 'failed' || row.state === 'canceled'),
      lost: tasks.length - found.length,
      'on v1': how(({ row }) => row.version === 1),
      'on v2': how(({ row }) => row.version === 2),
      'taken over': how(({ row, task }) => row.version > task.version),
      // Its own, or v2 for what was started on v1: v2 resumes it.
      'not allowed': how(({ row, task }) => row.version < task.version),
    }
  }
  const phases = [...Map.groupBy(promised, ({ phase }) => phase)]
  return [...phases.map(([phase, tasks]) => count(phase, tasks)), count('all', promised)]
}
