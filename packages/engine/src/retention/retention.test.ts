import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openStorages, type Storages } from '../storage/storages.ts'
import { ada, onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { Retention } from './retention.ts'

/** What goes when, and what never does. The storage is a folder of the test's own; the clock is the test's. */

// Servers and databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const DAY = 86_400
const shape = (name: string, keep: 'forever' | { days: number }) =>
  shapeOf([stepOf('write')], {
    name,
    scope: '{place}',
    uploads: { file: { title: 'File', optional: true } },
    artifacts: { out: { title: 'Out', mediaType: 'text/plain', visibility: 'owner', keep } },
  })
const shapes = [shape('brief', { days: 1 }), shape('lasting', 'forever'), shape('kept', { days: 1 })]
const policy = { completed: 10, failed: 20, definitions: { kept: { completed: 'forever' } } } as const

onBothDatabases((kind) => {
  const clock = { offsetSeconds: 0 }
  let rooms: Rooms
  let storages: Storages
  let retention: Retention
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'errand-retention-'))
    rooms = await openEmptyRooms(kind, shapes, { storage: root, artifacts: { clock } })
    storages = await openStorages({ default: { scheme: 'fs', root } })
    const { artifacts, db, logger } = rooms.services
    retention = new Retention({ db, storages, artifacts, clock, logger }, policy)
  })
  afterAll(async () => {
    await rooms.close()
    await rm(root, { recursive: true, force: true })
  })
  beforeEach(async () => {
    clock.offsetSeconds = 400 * DAY
    await retention.run()
    clock.offsetSeconds = 0
  })

  let places = 0
  async function task(definition: string, how: 'complete' | 'fail' | 'open', file?: string): Promise<string> {
    const uploads = file === undefined ? {} : { uploads: { file } }
    const { id } = await rooms.submit({ definition, input: { place: `p${++places}` }, ...uploads })
    if (how === 'open') return id
    const claim = await rooms.claimOf(id)
    if (how === 'fail') {
      const failure = { code: 'no', title: 'No', detail: '', retryable: false, reference: 'r' }
      await rooms.work.fail(claim, failure)
      return id
    }
    const sink = await rooms.work.openArtifact(claim, 'out', { filename: 'out' })
    await sink.write(Buffer.alloc(100))
    await sink.close()
    await rooms.work.complete(claim, null)
    return id
  }
  const there = async (id: string) => {
    const { rows } = await sql<{ n: number }>`
      SELECT (SELECT count(*) FROM errand.tasks WHERE id = ${id}::uuid)
        + (SELECT count(*) FROM errand.steps WHERE task_id = ${id}::uuid)
        + (SELECT count(*) FROM errand.transitions WHERE task_id = ${id}::uuid)
        + (SELECT count(*) FROM errand.artifacts WHERE task_id = ${id}::uuid) AS n`.execute(rooms.services.db)
    return (rows[0]?.n ?? 0) > 0
  }
  const after = async (days: number) => {
    clock.offsetSeconds = days * DAY
    return retention.run()
  }
  const upload = (bytes = 50) =>
    rooms.services.uploads.create(
      {
        filename: 'a',
        mediaType: 'text/plain',
        body: (async function* () {
          yield Buffer.alloc(bytes)
        })(),
      },
      ada,
    )
  const uploaded = async (id: string) => (await rooms.services.uploads.find(id)) !== undefined
  const objects = async () => {
    const found: string[] = []
    for await (const { key } of storages.get('default').list('')) if (key !== 'errand-owner') found.push(key)
    return found
  }

  test('history goes by definition and state, a task whose file is kept stays, and one that is not over always does', async () => {
    const [brief, lasting, kept, failed, open] = [
      await task('brief', 'complete'),
      await task('lasting', 'complete'),
      await task('kept', 'complete'),
      await task('brief', 'fail'),
      await task('brief', 'open'),
    ]
    clock.offsetSeconds = 11 * DAY
    await rooms.services.artifacts.sweep()
    const preview = await retention.preview()
    expect(preview.history).toEqual([
      { definition: 'brief', state: 'completed', tasks: 1, held: 0 },
      { definition: 'lasting', state: 'completed', tasks: 0, held: 1 },
    ])
    expect(await there(brief)).toBe(true)
    expect((await after(11)).tasks).toBe(1)
    const remaining = async () => Promise.all([brief, lasting, kept, failed, open].map(there))
    expect(await remaining()).toEqual([false, true, true, true, true])
    expect((await after(21)).tasks).toBe(1)
    expect((await after(1_000)).tasks).toBe(0)
    expect(await remaining()).toEqual([false, true, true, false, true])
    const { db } = rooms.services
    const row = await db.selectFrom('artifacts').selectAll().where('task_id', '=', lasting).executeTakeFirst()
    if (row !== undefined) await rooms.services.artifacts.delete(row, ada)
    await after(1_000)
    expect(await remaining()).toEqual([false, false, true, false, true])
    await rooms.work.complete(await rooms.claimOf(open), null)
  })

  test('the preview changes nothing and counts what the run then removes', async () => {
    await task('brief', 'complete')
    const { id } = await upload(70)
    clock.offsetSeconds = 8 * DAY
    const before = await objects()
    const preview = await retention.preview()
    expect(preview).toMatchObject({ files: { count: 1, bytes: 100 }, uploads: { count: 1, bytes: 70 } })
    expect(await objects()).toEqual(before)
    expect(await uploaded(id)).toBe(true)
    expect(await retention.run()).toMatchObject({ files: 1, uploads: 1 })
    expect(await objects()).toEqual([])
  })

  test('a run that is broken off is gone on with by the next', async () => {
    const ids = [await task('brief', 'fail'), await task('brief', 'fail')]
    clock.offsetSeconds = 21 * DAY
    const both = await Promise.all([retention.run(), retention.run()])
    expect(both.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(2)
    expect(await Promise.all(ids.map(there))).toEqual([false, false])
  })

  test('an upload stays for the task that may be run again with it, and goes when all have ended well', async () => {
    const [unused, failed, good, open] = [await upload(), await upload(), await upload(), await upload()]
    await task('kept', 'fail', failed.id)
    await task('kept', 'complete', good.id)
    const waiting = await task('brief', 'open', open.id)
    const remaining = async () => Promise.all([unused, failed, good, open].map(({ id }) => uploaded(id)))
    await after(6)
    expect(await remaining()).toEqual([true, true, true, true])
    await after(8)
    expect(await remaining()).toEqual([false, true, false, true])
    // The history of the one that failed is over, and with it the reason to keep its file.
    await after(21)
    expect(await remaining()).toEqual([false, false, false, true])
    await rooms.work.complete(await rooms.claimOf(waiting), null)
  })

  test('an upload that was abandoned half way goes after a day, its parts with it', async () => {
    const { id } = await rooms.services.uploads.arriving.begin({ filename: 'a', mediaType: 'x/y', size: 100 }, ada)
    const half = (async function* () {
      yield Buffer.alloc(50)
    })()
    await rooms.services.uploads.arriving.append(id, 0, half, ada)
    expect(await objects()).toHaveLength(1)
    await after(0.9)
    expect((await rooms.services.uploads.arriving.find(id, ada)).offset).toBe(50)
    clock.offsetSeconds = 1.1 * DAY
    expect((await retention.preview()).uploads).toEqual({ count: 1, bytes: 50 })
    await retention.run()
    expect(await objects()).toEqual([])
    await expect(rooms.services.uploads.arriving.find(id, ada)).rejects.toMatchObject({ code: 'upload-unknown' })
  })

  test('objects without a row are found and removed, and no others', async () => {
    const store = storages.get('default')
    const id = await task('lasting', 'complete')
    const lost = [
      `scope/brief/${uuidv7()}/out/${uuidv7()}/lost.txt`,
      `uploads/${uuidv7()}`,
      `uploads/${uuidv7()}/000000000000000-abcd`,
    ]
    const others = ['courses/index.json', `scope/brief/${uuidv7()}/segments-x/out-1-2-3`, `${uuidv7()}/a`]
    for (const key of [...lost, ...others]) await store.put(key, '12345')
    const young = await retention.run()
    expect(young.orphans).toEqual([{ storage: 'default', count: 0, bytes: 0, skipped: null }])
    clock.offsetSeconds = 3 * DAY
    expect((await retention.preview()).orphans).toMatchObject([{ count: 3, bytes: 15 }])
    expect((await retention.run()).orphans).toMatchObject([{ count: 3, bytes: 15 }])
    const left = await objects()
    expect(left).toEqual(expect.arrayContaining(others))
    expect(left).toHaveLength(others.length + 1)
    expect((await rooms.task(id)).artifacts).toMatchObject([{ state: 'available' }])
    // A storage of another database: nothing in it is an orphan of ours.
    await store.put(lost[0] ?? '', '12345')
    const own = await store.get('errand-owner')
    await store.put('errand-owner', 'another')
    expect((await retention.run()).orphans).toMatchObject([
      { count: 0, skipped: 'the storage belongs to another database' },
    ])
    await store.put('errand-owner', own ?? '')
    for (const key of others) await store.delete(key)
  })

  test('it runs once a night', async () => {
    const hour = (day: number, hours: number) => {
      const start = Date.UTC(new Date().getUTCFullYear() + 3, 0, day, hours, 30)
      clock.offsetSeconds = (start - Date.now()) / 1_000
      return retention.nightly()
    }
    expect(await hour(1, 1)).toBe(false)
    expect(await Promise.all([hour(1, 2), retention.nightly()])).toContain(true)
    expect(await hour(1, 2)).toBe(false)
    expect(await hour(1, 3)).toBe(false)
    expect(await hour(2, 2)).toBe(true)
  })
})
