import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyDatabase, onBothDatabases } from '../test-support/databases.ts'
import { commandArbitrary, Machine } from '../test-support/machine.ts'
import { reached } from '../test-support/model.ts'
import { openRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeArbitrary } from '../test-support/shapes.ts'

/** Runs in all, over both databases. PGlite, which does one thing at a time, has a third of them. */
const RUNS = Number(process.env.ERRAND_MACHINE_RUNS ?? 1_000)
/** Definitions, worked side by side; the runs of one follow each other, so that each can be repeated alone. */
const LANES = 20
/** Printed with a failure, together with the path to the run; both make it happen again. */
const SEED = Number(process.env.ERRAND_SEED ?? 20_261_125)

const shapes = fc
  .sample(shapeArbitrary(), { numRuns: LANES, seed: SEED })
  .map((shape, lane) => ({ ...shape, name: `lane${lane}` }))

onBothDatabases((kind) => {
  let places: [Rooms, ...Rooms[]]
  let drop: () => Promise<void>

  beforeAll(async () => {
    const database = await emptyDatabase(kind)
    drop = database.drop
    places = [await openRooms(database.config, shapes)]
    // A second engine on the same database, as another process would be. PGlite belongs to one.
    if (kind === 'postgres') places.push(await openRooms(database.config, shapes))
    // On a busy machine a lease must lapse when the model says so, and only then.
    await sql`UPDATE errand_dispatch.queue SET heartbeat_seconds = 36000`.execute(places[0].services.db)
  })
  afterAll(async () => {
    for (const rooms of places) await rooms.close()
    await drop()
  })

  const runs = Math.ceil(((kind === 'pglite' ? 0.35 : 0.65) * RUNS) / LANES)
  test(`${runs * LANES} runs: whatever happens to a task, its record is what the model says (seed ${SEED})`, {
    timeout: 600_000,
  }, async () => {
    const lanes = await Promise.allSettled(
      shapes.map((shape, lane) => {
        const machine = new Machine(shape, places)
        return fc.assert(
          fc.asyncProperty(fc.array(commandArbitrary, { minLength: 4, maxLength: 16 }), (commands) =>
            machine.run(commands),
          ),
          {
            numRuns: runs,
            seed: SEED + lane,
            // Making a failing run smaller takes many more runs; ask for it when there is one.
            endOnFailure: process.env.ERRAND_SHRINK === undefined,
          },
        )
      }),
    )
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason
  })
})

// By chance, so only where many more runs are made than chance needs.
test.runIf(process.env.ERRAND_LONG === '1')('the runs have met what seldom happens', () => {
  const rare = [
    'a deadline passed while pending',
    'a deadline passed while running',
    'a lost step ended with its task',
    'a stale report was refused',
    'a step was given up',
    'a step was handed back',
    'a step was taken over',
    'a task was canceled while it was failing',
    'a task was cleaned up: on-cancel',
    'a task was cleaned up: on-failure',
    'the alternative path was taken over',
  ]
  expect(rare.filter((what) => !reached.has(what))).toEqual([])
})
