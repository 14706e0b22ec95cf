import { randomUUID } from 'node:crypto'
import { artifact, defineTask } from '@errand/task'
import fc from 'fast-check'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ada, bob, onBothDatabases, openTestEngine, staff, type TestEngine } from '../test-support/databases.ts'
import type { Principal, TaskQuery, TaskSummary } from '../types.ts'

vi.setConfig({ testTimeout: 120_000 })

const definitionOf = (name: string, title: string, visibility: 'owner' | 'team') =>
  defineTask({
    name,
    version: 1,
    title,
    input: z.object({ course: z.string() }),
    scope: ({ course }) => `course:${course}`,
    artifacts: { out: artifact({ visibility }) },
  }).step('only', {}, () => 1)

const grades = definitionOf('grades', 'Notenübersicht (Quiz 3)', 'team')
const exported = definitionOf('export', 'Export a course', 'owner')

const COURSES = ['course-v1:Org+Tides_101+2026', 'Hafen+é', 'c3']
const PEOPLE: Principal[] = [
  ada,
  bob,
  staff,
  { id: 'mate', name: 'Mate', staff: false },
  { id: 'dean', name: 'Dean', staff: false },
]

onBothDatabases((kind) => {
  let bed: TestEngine
  let all: TaskSummary[]

  beforeAll(async () => {
    bed = await openTestEngine(kind)
    const { engine } = bed
    await engine.work.register({ id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 1 }, [
      grades.shape,
      exported.shape,
    ])
    for (const [index, course] of COURSES.entries()) {
      for (const definition of ['grades', 'export']) {
        for (const owner of [ada, bob]) {
          const { task } = await engine.submit({ definition, input: { course } }, owner)
          if (index !== 1) await engine.cancel(task.id, owner)
        }
      }
    }
    const grant = (who: string, scope: string, role: 'team' | 'staff') =>
      engine.people.record.grant(who, { scope: `course:${scope}`, role }, staff)
    await grant('mate', COURSES[0] ?? '', 'team')
    await grant('mate', COURSES[1] ?? '', 'staff')
    // In more courses than walks are written out for.
    for (const index of Array(60).keys()) await grant('dean', `other-${index}`, 'staff')
    await grant('dean', COURSES[1] ?? '', 'staff')
    await grant('dean', COURSES[2] ?? '', 'staff')
    all = (await engine.listTasks({ limit: 200 }, staff)).tasks
  })
  afterAll(() => bed.close())

  /** Every task there is, by a walk of this test's own over what staff see. */
  function wanted(query: TaskQuery, who: Principal): string[] {
    const words = (query.q ?? '')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
    const seen = ({ definition, owner, scope }: TaskSummary) =>
      who.staff ||
      owner.id === who.id ||
      (who.id === 'dean' && scope !== `course:${COURSES[0]}`) ||
      (who.id === 'mate' &&
        (scope === `course:${COURSES[1]}` || (scope === `course:${COURSES[0]}` && definition === 'grades')))
    return all
      .filter(
        (task) =>
          seen(task) &&
          (query.state === undefined || query.state.length === 0 || query.state.includes(task.state)) &&
          (query.definition ?? task.definition) === task.definition &&
          (query.scope ?? task.scope) === task.scope &&
          (query.owner ?? task.owner.id) === task.owner.id &&
          (query.createdFrom === undefined || task.createdAt >= query.createdFrom) &&
          (query.createdBefore === undefined || task.createdAt < query.createdBefore) &&
          words.every((word) =>
            `${task.title} ${task.scope} ${task.id}`
              .toLowerCase()
              .split(/[^\p{L}\p{N}]+/u)
              .some((one) => one.startsWith(word)),
          ),
      )
      .map(({ id }) => id)
  }

  test('whatever is asked by whomever, in pages of whatever length: what there is, newest first, and nothing twice', async () => {
    const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
    const dates = fc.constantFrom(...all.map(({ createdAt }) => createdAt))
    const asked = fc.record({
      who: fc.constantFrom(...PEOPLE),
      limit: fc.integer({ min: 1, max: 5 }),
      state: optional(fc.subarray(['pending', 'canceled', 'failed'] as const)),
      definition: optional(fc.constantFrom('grades', 'export', 'none')),
      scope: optional(fc.constantFrom(...COURSES.map((course) => `course:${course}`))),
      owner: optional(fc.constantFrom('ada', 'bob')),
      createdFrom: optional(dates),
      createdBefore: optional(dates),
      q: optional(
        fc.constantFrom(
          'notenüb',
          'EXP cour',
          'tides 2026',
          'hafen é',
          'quiz',
          'xport',
          '101+',
          "'|!&",
          all[3]?.id ?? '',
        ),
      ),
    })
    await fc.assert(
      fc.asyncProperty(asked, async ({ who, limit, ...given }) => {
        const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as TaskQuery
        const found: string[] = []
        let pageToken: string | undefined
        do {
          const page = await bed.engine.listTasks(
            { ...query, limit, ...(pageToken === undefined ? {} : { pageToken }) },
            who,
          )
          found.push(...page.tasks.map(({ id }) => id))
          pageToken = page.nextPageToken ?? undefined
        } while (pageToken !== undefined)
        expect(found).toEqual(wanted(query, who))
      }),
      { numRuns: 80 },
    )
  })

  // On PGlite nobody else comes at the database.
  test.runIf(kind === 'postgres')('words are found beyond the newest, too', async () => {
    const client = new pg.Client({ connectionString: bed.database.kind === 'postgres' ? bed.database.url : '' })
    await client.connect()
    const ids = Array.from({ length: 1_100 }, () => uuidv7())
    // Its last part is a number and a word to those who take a text apart.
    const odd = '0193a5f0-4e94-7abc-8def-14165e982e3f'
    await client.query(
      `INSERT INTO errand.tasks (id, definition, version, title, scope, owner, owner_name, input, uploads, origin, state, sequence)
       SELECT id, 'export', 1, 'Filler', $2, 'ada', 'Ada', '{}', '{}', '{"by":"api"}', 'completed', 1 FROM unnest($1::uuid[]) AS id`,
      [[...ids, odd], `course:${COURSES[1]}`],
    )
    for (const who of PEOPLE) {
      for (const q of ['tides 2026', 'quiz hafen', 'nowhere', all[2]?.id ?? '']) {
        const page = await bed.engine.listTasks({ q, limit: 200 }, who)
        expect(page.tasks.map(({ id }) => id)).toEqual(wanted({ q }, who))
      }
      const filler = await bed.engine.listTasks({ q: 'fill', limit: 5 }, who)
      const sees = who.id !== 'bob'
      expect(filler.tasks.map(({ id }) => id)).toEqual(sees ? ids.toReversed().slice(0, 5) : [])
      const found = await bed.engine.listTasks({ q: odd }, who)
      expect(found.tasks.map(({ id }) => id)).toEqual(sees ? [odd] : [])
    }
    await client.query('DELETE FROM errand.tasks WHERE id = ANY($1::uuid[])', [[...ids, odd]])
    await client.end()
  })

  test.runIf(kind === 'postgres')('words that some have are found page by page, wherever these lie', async () => {
    const client = new pg.Client({ connectionString: bed.database.kind === 'postgres' ? bed.database.url : '' })
    await client.connect()
    const begin = Date.UTC(2025, 0)
    // One in twenty, and nothing at all for a thousand; half of these are still open.
    const ids = Array.from({ length: 6_000 }, (_, index) => uuidv7({ msecs: begin + index * 400_000 }))
    const rare = ids.filter((_, index) => index % 20 === 0 && (index < 3_000 || index >= 4_000))
    await client.query(
      `INSERT INTO errand.tasks (id, definition, version, title, scope, owner, owner_name, input, uploads, origin, state, sequence)
       SELECT id, 'export', 1, CASE WHEN id = ANY($3::uuid[]) THEN 'Seltenes' ELSE 'Filler' END, $2, 'ada', 'Ada', '{}', '{}',
         '{"by":"api"}', CASE WHEN id = ANY($3::uuid[]) AND n % 40 = 1 THEN 'pending' ELSE 'completed' END, 1
       FROM unnest($1::uuid[]) WITH ORDINALITY AS made (id, n)`,
      [ids, `course:${COURSES[1]}`, rare],
    )
    const over = rare.filter((id) => ids.indexOf(id) % 40 !== 0)
    const asked: [TaskQuery, string[]][] = [
      [{ q: 'selten' }, rare],
      // Words that all have beside one that few have, in whatever order; one that is a part of a word and no beginning.
      [{ q: 'hafen SELT' }, rare],
      [{ q: 'selten é', state: ['completed'] }, over],
      [{ q: 'hafen selten', state: ['completed', 'failed'], definition: 'export' }, over],
      [{ q: 'hafen elten' }, []],
      // All have each of them, and few of the recent both.
      [{ q: 'hafen 01 selten' }, rare],
    ]
    for (const who of [staff, ada, ...PEOPLE.slice(3)]) {
      for (const [query, wanted] of asked) {
        const found: string[] = []
        let pageToken: string | undefined
        do {
          const page = await bed.engine.listTasks(
            { ...query, limit: 60, ...(pageToken === undefined ? {} : { pageToken }) },
            who,
          )
          found.push(...page.tasks.map(({ id }) => id))
          pageToken = page.nextPageToken ?? undefined
        } while (pageToken !== undefined)
        expect(found).toEqual(wanted.toReversed())
      }
    }
    // A window is right only while each id is found by the beginning of its time, however the words are taken apart.
    const { rows } = await client.query(
      `SELECT left(h, n) AS beginning FROM generate_series(x'01930000'::bigint, x'01f00000'::bigint, 997) AS x,
         lpad(to_hex(x), 8, '0') AS h, generate_series(1, 8) AS n
       WHERE NOT errand.task_words('', '', (h || '-1234-7abc-8abc-123456789abc')::uuid) @@ to_tsquery('pg_catalog.simple', left(h, n) || ':*')`,
    )
    expect(rows).toEqual([])
    await client.query('DELETE FROM errand.tasks WHERE id = ANY($1::uuid[])', [ids])
    await client.end()
  })

  test('each task says what whoever looks may do', async () => {
    const mine = all.find(({ owner, scope }) => owner.id === 'ada' && scope === `course:${COURSES[0]}`)
    const rights = async (who: Principal) => (await bed.engine.getTask(mine?.id ?? '', who)).may
    expect(await rights(ada)).toEqual(['cancel', 'retry', 'delete'])
    expect(await rights({ ...ada, grants: ['read'] })).toEqual([])
    const [seen] = (await bed.engine.listTasks({ scope: `course:${COURSES[1]}` }, PEOPLE[3] ?? ada)).tasks
    expect(seen?.may).toEqual(['cancel', 'retry'])
  })
})
