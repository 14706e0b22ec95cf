import { randomBytes, randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ServerUnreachable } from '@errand/client'
import { uploadFile } from '@errand/client/node'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { currentVersion, readRef } from '../packs/course/src/store/course-ref.ts'
import { StoredTree } from '../packs/course/src/store/stored-tree.ts'
import { readStructure } from '../packs/course/src/store/structure.ts'
import { type TestMember, tarGzOf } from '../packs/course/src/test-support/archives.ts'
import { FolderStore } from '../packs/course/src/test-support/folder-store.ts'
import { wrongHistory } from './chaos/history.ts'
import type { Process } from './chaos/processes.ts'
import { openVolume } from './chaos/volume.ts'
import { expectEachOnce } from './each-once.ts'
import { expectKilled, openPlace, over, type Place } from './place.ts'

/**
 * Whatever happens to the processes or to the storage, at whatever step of a task that reads or changes a course: the course
 * is exactly as it was before, or exactly as it should be after. A cancel at each step, and a storage that fails at each single
 * request, are tried in packs/course/src/every-step.test.ts.
 */

// Many processes start here, each with a runtime of its own; every wait is for a signal.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 300_000 })

const LONG = process.env.ERRAND_LONG === '1'
const PACK = fileURLToPath(new URL('../packs/course', import.meta.url))
const course = 'course-v1:Errand+STEPS+1'

const shared: TestMember = ['course/static/shared.bin', randomBytes(40_000)]
const courseOf = (title: string): TestMember[] => [
  ['course/course.xml', `<course url_name="R" org="Errand" course="STEPS" display_name="${title}"/>`],
  ['course/static/streamed.bin', randomBytes(1_200_000)],
  shared,
  [`course/static/${title}.bin`, randomBytes(60_000)],
  ...Array.from({ length: 30 }, (_, n): TestMember => [`course/html/${n}.html`, `<p>${title} ${n}</p>`]),
]
const [first, second, third] = [courseOf('first'), courseOf('second'), courseOf('third')]

interface Tried {
  definition: string
  steps: readonly string[]
  /** What the course becomes. */
  after: readonly TestMember[]
  input: Record<string, unknown>
}

/** What is tried, with a course whose second version is the current one. */
const TASKS: readonly Tried[] = [
  {
    definition: 'course.import',
    steps: ['receive', 'unpack', 'read', 'check', 'store', 'publish'],
    after: third,
    input: { course },
  },
  { definition: 'course.export', steps: ['snapshot', 'write', 'package'], after: second, input: { course } },
  { definition: 'course.revert', steps: ['choose', 'publish'], after: first, input: { course, version: 1 } },
]

/** Of each, the steps that leave something behind; what the others do is killed in the long form only. */
const WRITING = ['unpack', 'store', 'publish', 'package']

/** Killed one after the other, in a place of its own. */
const CHAINS = TASKS.map((task) => ({
  ...task,
  killed: task.steps.filter((step) => LONG || WRITING.includes(step)),
}))

let folder: string
let places: Place[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-steps-'))
})
afterEach(async () => {
  for (const place of places) await place.close()
  places = []
  await rm(folder, { recursive: true, force: true })
})

async function open(name: string, url?: string): Promise<Place> {
  const template = process.env.ERRAND_DATABASE_TEMPLATE
  const place = await openPlace(folder, name, { DATABASE_URL: url, ERRAND_DATABASE_TEMPLATE: template })
  places.push(place)
  return place
}

/** The files of the course as the store has it now, read past all processes. */
async function courseIn(root: string): Promise<Map<string, string>> {
  const store = new FolderStore(root)
  const ref = await readRef(store, course)
  if (ref === undefined) throw new Error('There is no course.')
  const tree = StoredTree.of(store, await readStructure(store, currentVersion(ref).structure))
  const files = new Map<string, string>()
  for (const path of tree.paths) files.set(path, Buffer.from(await tree.read(path)).toString('base64'))
  return files
}

function filesOf(members: readonly TestMember[]): Map<string, string> {
  const files = members.map(([path, content = '']): [string, string] => [
    String(path).replace('course/', ''),
    Buffer.from(content).toString('base64'),
  ])
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** However often its steps began: no attempt was spent, and what the task did is there once. */
async function expectOneEffect({ client }: Place, root: string, definition: string, id: string): Promise<void> {
  const task = await client.task(id)
  for (const { attempt, name, state } of task.steps) if (state === 'completed') expect(attempt, name).toBe(1)
  const slots = task.artifacts.filter(({ state }) => state === 'available').map(({ slot }) => slot)
  expect(slots.toSorted()).toEqual(SLOTS[definition])
  const ref = await readRef(new FolderStore(root), course)
  const made = ref?.versions.filter((version) => version.task === id).map(({ number }) => number)
  expect(made).toEqual(definition === 'course.export' ? [] : [3])
}

/** The outputs of each. */
const SLOTS: Readonly<Record<string, readonly string[]>> = {
  'course.import': ['page', 'report'],
  'course.export': ['archive', 'report'],
  'course.revert': [],
}

/** Nothing that an import lays aside is left. */
async function expectNothingLeft(root: string): Promise<void> {
  for await (const { key } of new FolderStore(root).list('work/')) expect.unreachable(key)
}

async function handIn(client: Place['client'], members: readonly TestMember[]): Promise<Record<string, string>> {
  const path = join(folder, `${randomUUID()}.tar.gz`)
  await writeFile(path, await tarGzOf(members))
  return { archive: (await uploadFile(client, path)).id }
}

/** Two versions of the course. */
async function importTwo(client: Place['client']): Promise<void> {
  for (const members of [first, second]) {
    const uploads = await handIn(client, members)
    const { id } = await client.submit({ definition: 'course.import', input: { course }, uploads })
    expect(await over(client, id)).toMatchObject({ state: 'completed', failure: null })
  }
}

/** The bytes of an export. */
async function exported(client: Place['client'], id: string): Promise<Buffer> {
  const task = await client.task(id)
  const archive = task.artifacts.find(({ slot }) => slot === 'archive')
  if (archive === undefined) throw new Error('The export has no archive.')
  const { body } = await client.download(archive)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function query(database: string, text: string): Promise<void> {
  const one = new pg.Client({ connectionString: database })
  await one.connect()
  await one.query(text).finally(() => one.end())
}

/** A database, where it is to be PostgreSQL; one begins as a copy of another. */
async function createDatabase(kind: string, copyOf?: string): Promise<string | undefined> {
  if (kind === 'PGlite') return undefined
  const admin = inject('postgresUrl')
  const name = `errand_steps_${randomUUID().replaceAll('-', '')}`
  await query(admin, `CREATE DATABASE ${name}${copyOf ? ` TEMPLATE ${new URL(copyOf).pathname.slice(1)}` : ''}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return url.href
}

async function dropDatabase(url: string | undefined): Promise<void> {
  if (url) await query(inject('postgresUrl'), `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`)
}

describe.each(LONG ? ['PGlite', 'PostgreSQL'] : ['PGlite'])('on %s', (kind) => {
  /** Where it dies: with nothing done yet, with all done and the record not knowing, and with the record knowing. */
  const points = LONG ? ['after-claim', 'before-commit', 'after-commit-before-settle'] : ['before-commit']
  test.each(points)('serve is killed %s, in each step of import, export and revert', async (point) => {
    const url = await createDatabase(kind)
    const prepared = await open('prepared', url)
    const serve = ({ launch, port }: Place, data: string, step?: string): Process =>
      launch(
        ['serve', PACK, '--port', port, '--data', data],
        step === undefined ? {} : { ERRAND_DEBUG_POINTS: `${point}@${step}:kill` },
      )
    const preparing = serve(prepared, join(folder, 'data'))
    await preparing.ready
    await importTwo(prepared.client)
    preparing.signal('SIGTERM')
    await preparing.ended

    const chain = async ({ after, definition, input, killed, steps }: (typeof CHAINS)[number]): Promise<void> => {
      const data = join(folder, definition)
      await cp(join(folder, 'data'), data, { recursive: true })
      const store = join(data, 'stores', 'courses')
      const database = await createDatabase(kind, url)
      const place = await open(definition, database)
      const { client } = place
      let running = serve(place, data, killed[0])
      await running.ready
      const uploads = definition === 'course.import' ? await handIn(client, third) : {}
      const idempotencyKey = randomUUID()
      const submitted = async () => (await client.submit({ definition, input, uploads }, { idempotencyKey })).id
      // Its first step may be claimed, and the process gone, before the answer is there.
      const answered = await submitted().catch((error: unknown) => {
        if (!(error instanceof ServerUnreachable)) throw error
      })
      for (const [index, step] of killed.entries()) {
        await expectKilled(folder, running)
        const switched = step === 'publish' && point !== 'after-claim'
        expect(await courseIn(store), `${definition}, ${step}`).toEqual(filesOf(switched ? after : second))
        running = serve(place, data, killed[index + 1])
      }
      await running.ready
      const id = answered ?? (await submitted())
      expect(await over(client, id)).toMatchObject({ state: 'completed', failure: null })
      const transitions = await client.transitions(id)
      expect(wrongHistory(transitions)).toEqual([])
      for (const step of steps) {
        const again = killed.includes(step) && point !== 'after-commit-before-settle'
        expectEachOnce(transitions, step, again ? 2 : 1)
      }
      await expectOneEffect(place, store, definition, id)
      expect(await courseIn(store)).toEqual(filesOf(after))
      await expectNothingLeft(store)
      if (definition === 'course.export') {
        // The same bytes as of an export that nothing happened to.
        const again = await client.submit({ definition, input })
        await over(client, again.id)
        expect((await exported(client, id)).equals(await exported(client, again.id))).toBe(true)
      }
      await place.close()
      await dropDatabase(database)
    }
    // Side by side: a lost step is free after some ten seconds, which pass for both.
    const [importing, ...others] = CHAINS.map((one) => () => chain(one))
    const oneByOne = async () => {
      for (const other of others) await other()
    }
    await Promise.all([importing?.(), oneByOne()])
    await dropDatabase(url)
  })
})

test('the storage is full, in import, export and revert', async ({ skip }) => {
  const volume = await openVolume(folder)
  try {
    if (volume.plain !== undefined) skip(volume.plain)
    const store = join(volume.root, 'courses')
    const config = {
      packs: [{ use: PACK, options: { store: { scheme: 'fs', root: store } } }],
      storages: { default: { scheme: 'fs', root: join(volume.root, 'files') } },
    }
    await writeFile(join(folder, 'errand.config.json'), JSON.stringify(config))
    const { client, close, launch, port } = await open('full')
    const serve = (step?: string): Process =>
      launch(
        ['serve', '--port', port, '--data', join(folder, 'data')],
        step === undefined ? {} : { ERRAND_DEBUG_POINTS: `after-claim@${step}:kill` },
      )
    let running = serve()
    await running.ready
    await importTwo(client)
    for (const { definition, input, steps } of TASKS) {
      // Full from the beginning, so that it fails where it first writes; in the long form, full from each step on.
      for (const step of [undefined, ...(LONG ? steps.slice(1) : [])]) {
        const uploads = definition === 'course.import' ? await handIn(client, third) : {}
        if (step !== undefined) {
          await running.kill()
          running = serve(step)
          await running.ready
        } else await volume.fill()
        const { id } = await client.submit({ definition, input, uploads })
        if (step !== undefined) {
          await expectKilled(folder, running)
          await volume.fill()
          running = serve()
          await running.ready
        }
        const what = `${definition}, full from ${step ?? 'the beginning'}`
        expect(await over(client, id), what).toMatchObject({ state: 'failed', failure: { code: expect.any(String) } })
        await volume.empty()
        expect(await courseIn(store), what).toEqual(filesOf(second))
        await expectNothingLeft(store)
      }
    }
    // With room again, all of it works.
    for (const { after, definition, input } of TASKS) {
      const uploads = definition === 'course.import' ? await handIn(client, third) : {}
      const { id } = await client.submit({ definition, input, uploads })
      expect(await over(client, id)).toMatchObject({ state: 'completed', failure: null })
      if (definition !== 'course.export') expect(await courseIn(store)).toEqual(filesOf(after))
    }
    await close()
  } finally {
    await volume.remove()
  }
})
