import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DatabaseConfig } from '../config.ts'
import { catalogShapes } from '../test-support/catalog-shapes.ts'
import { emptyDatabase } from '../test-support/databases.ts'
import { openRooms, type Rooms } from '../test-support/rooms.ts'

/** Processes killed while they register, promote, take over or migrate: what is there afterwards is right. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const child = join(import.meta.dirname, '../test-support/catalog-child.ts')
const [first, second, third] = catalogShapes

/** Runs the process until it is killed at the point, or, without one, to its end. */
async function run(what: string, database: DatabaseConfig, point?: string): Promise<void> {
  const { ERRAND_DATABASE_TEMPLATE: template, ...rest } = process.env
  const env = {
    ...rest,
    ...(what === 'open' || template === undefined ? {} : { ERRAND_DATABASE_TEMPLATE: template }),
    ...(point === undefined ? {} : { ERRAND_DEBUG_POINTS: `${point}:kill` }),
  }
  const process_ = spawn(process.execPath, [child, what, JSON.stringify(database)], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code, signal] = await once(process_, 'close')
  expect({ code, signal }).toEqual(point === undefined ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' })
}

async function versions({ services }: Rooms) {
  const all = await services.catalog.list()
  return all.map(({ version, promoted }) => `v${version}${promoted ? ' promoted' : ''}`).toSorted()
}

describe.each(['pglite', 'postgres'] as const)('on %s', (kind) => {
  let folder: string
  let database: DatabaseConfig
  let drop: () => Promise<void>
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'errand-catalog-'))
    const empty = await emptyDatabase(kind)
    drop = empty.drop
    database = kind === 'pglite' ? { kind, dataDir: join(folder, 'data') } : empty.config
  })
  afterAll(async () => {
    await drop()
    await rm(folder, { recursive: true, force: true })
  })
  /** One process at a time, as the embedded database has it. */
  const look = async <T>(action: (rooms: Rooms) => Promise<T>, shapes: Parameters<typeof openRooms>[1] = []) => {
    const rooms = await openRooms(database, shapes)
    try {
      return await action(rooms)
    } finally {
      await rooms.work.unregister(rooms.worker.id)
      await rooms.close()
    }
  }

  test('in a registration: nothing of it is there, and the next one does it all', async () => {
    await look(async () => undefined, [first])
    await run('register', database, 'mid-registration')
    await look(async (rooms) => {
      expect(await versions(rooms)).toEqual(['v1 promoted'])
      expect((await rooms.services.catalog.workers()).map(({ name }) => name)).not.toContain('child')
    })
    // It would have put itself into use, and died in the middle of that.
    await run('register', database, 'mid-promotion')
    await look(async (rooms) => expect(await versions(rooms)).toEqual(['v1 promoted']))
    await run('register', database)
    await look(async (rooms) => expect(await versions(rooms)).toEqual(['v1', 'v2 promoted']))
  })

  test('in a promotion: one version is promoted, the one from before', async () => {
    await look((rooms) => rooms.services.catalog.promote(first.name, 1).then(() => undefined))
    await run('promote', database, 'mid-promotion')
    await look(async (rooms) => expect(await versions(rooms)).toEqual(['v1 promoted', 'v2']))
    await run('promote', database)
    await look(async (rooms) => expect(await versions(rooms)).toEqual(['v1', 'v2 promoted']))
  })

  test('while tasks are taken over: each is its old version’s or its new one’s, as a whole', async () => {
    const ids = await look(
      async (rooms) => {
        const made: string[] = []
        for (let n = 0; n < 3; n++)
          made.push((await rooms.submit({ definition: first.name, version: 1, input: {} })).id)
        // One of them is half done.
        for (const claim of await rooms.claim(1)) await rooms.work.complete(claim, 'read by v1')
        return made
      },
      [first],
    )
    await run('move', database, 'after-move-claim')
    await look(async (rooms) => {
      for (const id of ids) expect(await rooms.task(id)).toMatchObject({ version: 1 })
      await lapse(rooms)
    })
    await run('move', database, 'mid-move')
    await look(async (rooms) => {
      for (const id of ids) {
        const task = await rooms.task(id)
        expect(task.steps.map(({ name }) => name)).toEqual(['read', 'write'])
        expect(task.version).toBe(1)
      }
      await lapse(rooms)
    })
    await run('move', database)
    await look(
      async (rooms) => {
        for (;;) {
          if ((await Promise.all(ids.map((id) => rooms.task(id)))).every(({ state }) => state === 'completed')) break
          for (const claim of await rooms.claim()) await rooms.work.complete(claim, 'done by v3')
        }
        for (const id of ids) {
          expect((await rooms.task(id)).version).toBe(3)
          const history = await rooms.services.db
            .selectFrom('transitions')
            .selectAll()
            .where('task_id', '=', id)
            .execute()
          expect(history.filter(({ reason }) => reason?.startsWith('taken over by v3'))).toHaveLength(1)
          expect(history.filter(({ step, to }) => step === 'read' && to === 'completed')).toHaveLength(1)
        }
      },
      [third],
    )
  })
})

test('in the migration of a database: the next to open it has all of it', async () => {
  const { config, drop } = await emptyDatabase('postgres')
  try {
    await run('open', config, 'mid-migration@001-initial')
    await run('open', config)
    const rooms = await openRooms(config, [second])
    expect(await versions(rooms)).toEqual(['v2 promoted'])
    expect(await rooms.services.catalog.promote(second.name, 2)).toMatchObject({ promoted: true })
    await rooms.close()
  } finally {
    await drop()
  }
})

/** The lease of whoever was killed runs out, by the database's clock. */
async function lapse({ services }: Rooms): Promise<void> {
  await sql`UPDATE errand.tasks SET move_until = now() - interval '1 second' WHERE move_until IS NOT NULL`.execute(
    services.db,
  )
  await sql`UPDATE errand.workers SET heartbeat_at = now() - interval '1 minute' WHERE name = 'child'`.execute(
    services.db,
  )
}
