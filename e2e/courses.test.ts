import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ErrandClient } from '@errand/client'
import { downloadFile, uploadFile } from '@errand/client/node'
import { packSample, SAMPLE_KEYS } from '@errand/course/sample'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { wrongHistory } from './chaos/history.ts'
import { expectEachOnce } from './each-once.ts'
import { expectKilled, openPlace, over, type Place } from './place.ts'

/**
 * Courses through whole processes: imports that are killed again and again, and processes spread over several on
 * PostgreSQL. That the course is as before or as after, at each step of each task, is for course-steps.test.ts.
 */

// Many processes start here, each with a runtime of its own; every wait is for a signal.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

const run = promisify(execFile)
const PACK = fileURLToPath(new URL('../packs/course', import.meta.url))
/** Of an import, in the order they run. */
const STEPS = ['receive', 'unpack', 'read', 'check', 'store', 'publish']
/** Imports in a row that are killed in each step: ten when there is time. */
const IMPORTS = process.env.ERRAND_LONG === '1' ? 10 : 1

let folder: string
let archive: string
const open: Place[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-courses-'))
  archive = join(folder, 'sample.tar.gz')
  await pipeline(packSample(), createWriteStream(archive))
})
afterAll(async () => {
  for (const one of open) await one.close()
  await rm(folder, { recursive: true, force: true })
})

async function namesIn(path: string): Promise<string[]> {
  const { stdout } = await run('tar', ['tzf', path])
  return stdout
    .split('\n')
    .filter((name) => name !== '' && !name.endsWith('/'))
    .map((name) => name.replace(/^[^/]+\//, ''))
    .sort()
}

/** Exports the course, and holds its files against those that went in. */
async function expectExport(client: ErrandClient, course: string, name: string): Promise<void> {
  const exported = await over(client, (await client.submit({ definition: 'course.export', input: { course } })).id)
  expect(exported).toMatchObject({ state: 'completed', failure: null })
  const file = exported.artifacts.find(({ slot }) => slot === 'archive')
  if (file === undefined) throw new Error('The export has no archive.')
  const path = join(folder, name)
  await downloadFile(client, file, path)
  const names = await namesIn(path)
  for (const each of await namesIn(archive)) expect(names).toContain(each)
}

test(`serve is killed in each step of an import and started again, ${IMPORTS} in a row`, {
  timeout: IMPORTS * 180_000,
}, async () => {
  const template = process.env.ERRAND_DATABASE_TEMPLATE
  const place = await openPlace(folder, 'serve', { ERRAND_DATABASE_TEMPLATE: template })
  open.push(place)
  const { client, launch, port } = place
  const serve = (point?: string) =>
    launch(
      ['serve', PACK, '--port', port, '--data', join(folder, 'data')],
      point === undefined ? {} : { ERRAND_DEBUG_POINTS: `${point}:kill` },
    )
  let next = serve(`before-commit@${STEPS[0]}`)
  for (let time = 0; time < IMPORTS; time++) {
    await next.ready
    const course = `course-v1:Errand+TIDES101+killed${time}`
    const { id: upload } = await uploadFile(client, archive)
    const { id } = await client.submit({
      definition: 'course.import',
      input: { course },
      uploads: { archive: upload },
    })
    // The work of the step is done, and the record does not know it yet: the last moment at which it could get lost.
    for (const step of STEPS.slice(1)) {
      await expectKilled(folder, next)
      next = serve(`before-commit@${step}`)
    }
    await expectKilled(folder, next)
    next = serve()
    await next.ready
    const task = await over(client, id)
    expect(task).toMatchObject({ state: 'completed', failure: null })
    const transitions = await client.transitions(id)
    expect(wrongHistory(transitions)).toEqual([])
    // Once to the point where it was killed, once to its end; nothing after that.
    for (const step of STEPS) expectEachOnce(transitions, step, 2)
    expect(task.steps.filter(({ state }) => state === 'completed').map(({ attempt }) => attempt)).toEqual(
      STEPS.map(() => 1),
    )
    await expectExport(client, course, `killed-${time}.tar.gz`)
    if (time + 1 < IMPORTS) {
      await next.kill()
      next = serve(`before-commit@${STEPS[0]}`)
    }
  }
})

test('a server and two workers on PostgreSQL import and export the sample course', async () => {
  const admin = inject('postgresUrl')
  const name = `errand_courses_${randomUUID().replaceAll('-', '')}`
  const query = async (text: string) => {
    const one = new pg.Client({ connectionString: admin })
    await one.connect()
    await one.query(text).finally(() => one.end())
  }
  await query(`CREATE DATABASE ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  const place = await openPlace(folder, 'postgres', { DATABASE_URL: url.href, ERRAND_DATA: join(folder, 'shared') })
  open.push(place)
  const { client, launch, port } = place
  const server = launch(['server', '--port', port])
  await server.ready
  const workers = ['first', 'second'].map((worker) => launch(['worker', PACK, '--name', worker]))
  for (const worker of workers) await worker.ready

  const course = SAMPLE_KEYS.course
  const { id: upload } = await uploadFile(client, archive)
  const { id } = await client.submit({ definition: 'course.import', input: { course }, uploads: { archive: upload } })
  expect(await over(client, id)).toMatchObject({ state: 'completed', failure: null })
  expect(wrongHistory(await client.transitions(id))).toEqual([])
  await expectExport(client, course, 'postgres.tar.gz')

  // Either worker alone reads what the other has stored.
  for (const worker of workers) {
    worker.signal('SIGTERM')
    await worker.ended
    await expectExport(client, course, `without-${worker.name}.tar.gz`)
    if (worker === workers[0]) await launch(['worker', PACK, '--name', 'third']).ready
  }
  for (const one of open) await one.close()
  await query(`DROP DATABASE ${name} WITH (FORCE)`)
})
