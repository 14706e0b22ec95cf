import type { KeepRule } from '@errand/task'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openObjectStore } from '../storage/object-store.ts'
import type { Store } from '../storage/store.ts'
import { ada, bob, onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { type StorageServer, s3Server } from '../test-support/s3-server.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import type { Delivered } from '../types.ts'
import type { ArtifactRow } from './rows.ts'

/** Every keep rule, and all that can happen to a file, on a real storage server that can be stopped. */

// Servers and databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const DAY = 86_400
const inDays = (days: number) => new Date(Date.now() + days * DAY * 1_000)

const rules = {
  days: { days: 10 },
  until: { until: inDays(10).toISOString() },
  scopeEnd: { scopeEnd: true },
  forever: 'forever',
  once: { once: true },
  onceForDays: { once: true, days: 10 },
} satisfies Record<string, KeepRule>
type Rule = keyof typeof rules
const ruleNames = Object.keys(rules) as Rule[]

const shape = shapeOf([stepOf('write')], {
  scope: '{place}',
  artifacts: Object.fromEntries(
    ruleNames.map((rule) => [rule, { title: rule, mediaType: 'text/plain', visibility: 'owner', keep: rules[rule] }]),
  ),
})
const CONTENT = 'all of it'

onBothDatabases((kind) => {
  const clock = { offsetSeconds: 0 }
  const ends = new Map<string, Date | null>()
  let server: StorageServer
  let store: Store
  let rooms: Rooms
  beforeAll(async () => {
    server = await s3Server()
    store = openObjectStore(server.config)
    rooms = await openEmptyRooms(kind, [shape], {
      storage: server.config,
      artifacts: { clock, scopeEnds: (scope) => ends.get(scope) ?? null },
    })
  })
  afterAll(async () => {
    await rooms.close()
    await server.close()
  })
  beforeEach(() => {
    clock.offsetSeconds = 0
    ends.clear()
  })

  let places = 0
  /** A sealed file that is kept by the rule; the platform says that its scope ends in ten days. */
  async function make(rule: Rule): Promise<ArtifactRow> {
    const place = `place-${++places}`
    ends.set(place, inDays(10))
    const { id } = await rooms.submit({ definition: 'shape', input: { place } })
    const claim = await rooms.claimOf(id)
    const sink = await rooms.work.openArtifact(claim, rule, { filename: 'out.txt' })
    await sink.write(Buffer.from(CONTENT))
    await sink.close()
    await rooms.work.complete(claim, null)
    await rooms.services.artifacts.sweep()
    return again(sink)
  }
  const again = async ({ id }: { id: string }): Promise<ArtifactRow> => {
    const row = await rooms.services.artifacts.find(id)
    if (row === undefined) throw new Error('It is not in the record.')
    return row
  }
  const stored = async (row: ArtifactRow) => (await store.stat(row.key)) !== undefined
  const open = async (row: ArtifactRow, range?: { start: number; end: number }, who = ada) => {
    const wish = { by: 'stream' as const, ...(range === undefined ? {} : { range }) }
    const delivered = await rooms.services.artifacts.deliver(await again(row), who, wish)
    if (delivered.by !== 'stream') throw new Error('It is no stream.')
    return delivered
  }
  const take = async ({ body, settle }: Extract<Delivered, { by: 'stream' }>) => {
    const bytes = Buffer.concat(await body.toArray())
    await settle(bytes.length, true)
    return bytes.toString()
  }
  const pass = async (days: number) => {
    clock.offsetSeconds += days * DAY
    await rooms.services.artifacts.sweep()
  }

  type State = ArtifactRow['state']
  const everywhere = (state: State): Record<Rule, State> => ({
    days: state,
    until: state,
    scopeEnd: state,
    forever: state,
    once: state,
    onceForDays: state,
  })
  const timed = { days: 'expired', until: 'expired', scopeEnd: 'expired', onceForDays: 'expired' } as const
  const onlyOnce = { once: 'consumed', onceForDays: 'consumed' } as const

  const events: Record<string, { happen(row: ArtifactRow): Promise<void>; state: Record<Rule, State> }> = {
    'nothing happens': { happen: async () => undefined, state: everywhere('available') },
    'a part of it is downloaded': {
      async happen(row) {
        expect(await take(await open(row, { start: 0, end: 3 }))).toBe('all')
      },
      state: everywhere('available'),
    },
    'a download is broken off': {
      async happen(row) {
        const { settle } = await open(row)
        await settle(2, false)
      },
      state: everywhere('available'),
    },
    'it is downloaded whole': {
      async happen(row) {
        expect(await take(await open(row))).toBe(CONTENT)
      },
      state: { ...everywhere('available'), ...onlyOnce },
    },
    'a range takes all of it': {
      async happen(row) {
        expect(await take(await open(row, { start: 0, end: CONTENT.length }))).toBe(CONTENT)
      },
      state: { ...everywhere('available'), ...onlyOnce },
    },
    'a download follows one that was broken off': {
      async happen(row) {
        await (await open(row)).settle(2, false)
        expect(await take(await open(row))).toBe(CONTENT)
      },
      state: { ...everywhere('available'), ...onlyOnce },
    },
    'two download it at once': {
      async happen(row) {
        const both = await Promise.allSettled([open(row), open(row, undefined, bob)])
        const got = both.filter((one) => one.status === 'fulfilled')
        const refused = both.filter((one) => one.status === 'rejected')
        for (const { value } of got) expect(await take(value)).toBe(CONTENT)
        const once = (await again(row)).keep !== 'forever' && 'once' in (row.keep as object)
        expect(got.length).toBe(once ? 1 : 2)
        for (const { reason } of refused) expect(reason).toMatchObject({ code: 'artifact-in-use', status: 409 })
      },
      state: { ...everywhere('available'), ...onlyOnce },
    },
    'nine days pass': { happen: () => pass(9), state: everywhere('available') },
    'eleven days pass': { happen: () => pass(11), state: { ...everywhere('available'), ...timed } },
    'eleven days pass without a sweep, and it is asked for': {
      async happen(row) {
        clock.offsetSeconds = 11 * DAY
        await open(row).then(take, (error: unknown) => expect(error).toMatchObject({ code: 'artifact-gone' }))
        await rooms.services.artifacts.sweep()
      },
      state: { ...everywhere('available'), ...timed, once: 'consumed' },
    },
    'it is extended by twenty days, and eleven pass': {
      async happen(row) {
        await rooms.services.artifacts.extend(row, inDays(20), ada)
        await pass(11)
      },
      state: everywhere('available'),
    },
    'it is extended by twenty days, and twenty-one pass': {
      async happen(row) {
        await rooms.services.artifacts.extend(row, inDays(20), ada)
        await pass(21)
      },
      state: { ...everywhere('available'), ...timed },
    },
    'it is extended to an earlier day': {
      async happen(row) {
        await rooms.services.artifacts.extend(row, inDays(1), ada)
        await pass(2)
      },
      state: everywhere('available'),
    },
    'it is deleted': { happen: (row) => rooms.services.artifacts.delete(row, ada), state: everywhere('deleted') },
    'it is deleted while the storage is away': {
      async happen(row) {
        await server.stop()
        await rooms.services.artifacts.delete(row, ada)
        await server.start()
        expect(await stored(row)).toBe(true)
        await expect(open(row)).rejects.toMatchObject({ code: 'artifact-gone', status: 410 })
        expect(await rooms.services.artifacts.unpurged()).toBe(1)
        await rooms.services.artifacts.sweep()
        expect(await rooms.services.artifacts.unpurged()).toBe(0)
      },
      state: everywhere('deleted'),
    },
    'it expires while the storage is away': {
      async happen() {
        await server.stop()
        await pass(11)
        await server.start()
        await rooms.services.artifacts.sweep()
      },
      state: { ...everywhere('available'), ...timed },
    },
    'it is deleted in the middle of a download': {
      async happen(row) {
        const { settle } = await open(row)
        await rooms.services.artifacts.delete(row, bob)
        await settle(CONTENT.length, true)
      },
      state: everywhere('deleted'),
    },
    'the end of the scope moves to a later day, and eleven pass': {
      async happen(row) {
        for (const scope of ends.keys()) ends.set(scope, inDays(15))
        await pass(1)
        await pass(10)
        expect((await again(row)).scope_ends_at === null).toBe(!('scopeEnd' in Object(row.keep)))
      },
      state: { ...everywhere('available'), ...timed, scopeEnd: 'available' },
    },
    'the end of the scope moves to an earlier day': {
      async happen() {
        for (const scope of ends.keys()) ends.set(scope, inDays(2))
        await pass(3)
      },
      state: { ...everywhere('available'), scopeEnd: 'expired' },
    },
    'the end of the scope is not known any more, and eleven days pass': {
      async happen() {
        for (const scope of ends.keys()) ends.set(scope, null)
        await pass(1)
        await pass(10)
      },
      state: { ...everywhere('available'), ...timed, scopeEnd: 'available' },
    },
  }

  describe.each(ruleNames)('kept by %s', (rule) => {
    test.each(Object.keys(events))('%s', async (name) => {
      const event = events[name]
      if (event === undefined) throw new Error(name)
      const row = await make(rule)
      await event.happen(row)
      const after = await again(row)
      expect(after.state).toBe(event.state[rule])
      expect(await stored(row)).toBe(after.state === 'available')
      expect(after.purged_at === null).toBe(after.state === 'available')
      if (after.state === 'available') return void expect(await take(await open(row))).toBe(CONTENT)
      const gone = { code: 'artifact-gone', status: 410, extensions: { task: row.task_id, state: after.state } }
      await expect(open(row)).rejects.toMatchObject(gone)
      await expect(rooms.services.artifacts.extend(row, inDays(1), ada)).rejects.toMatchObject(gone)
    })
  })

  test.each<[State, Rule, (row: ArtifactRow) => Promise<unknown>]>([
    ['deleted', 'forever', (row) => rooms.services.artifacts.delete(row, ada)],
    ['expired', 'days', () => pass(11)],
    ['consumed', 'once', async (row) => take(await open(row))],
  ])('a signed address that holds for another hour leads nowhere once the file is %s', async (state, rule, end) => {
    const row = await make(rule)
    const given = await rooms.services.artifacts.deliver(row, ada, { by: 'redirect' })
    // A use-once file is never given away like that: the test has it signed by itself.
    expect(given.by).toBe(rule === 'once' ? 'stream' : 'redirect')
    if (given.by === 'stream') await given.settle(0, false)
    const addresses = [given.by === 'redirect' ? given.url : undefined, await store.sign(row.key, 3_600)]
    const urls = addresses.filter((url) => url !== undefined)
    expect(urls).toHaveLength(rule === 'once' ? 1 : 2)
    for (const url of urls) expect(await (await fetch(url)).text()).toBe(CONTENT)
    await end(row)
    expect((await again(row)).state).toBe(state)
    for (const url of urls) {
      const answer = await fetch(url)
      expect(answer.status).toBe(404)
      expect(await answer.text()).not.toContain(CONTENT)
    }
    await expect(rooms.services.artifacts.deliver(await again(row), ada, { by: 'redirect' })).rejects.toMatchObject({
      status: 410,
    })
  })

  test('the refusal says when, why, by whom, and how to make it again', async () => {
    const row = await make('forever')
    await rooms.services.artifacts.delete(row, ada)
    const { ended_at } = await again(row)
    await expect(open(row)).rejects.toMatchObject({
      detail: `out.txt was deleted at ${ended_at?.toISOString()} by Ada: deleted by a user.`,
      hint: `Run the task again to make it anew: errand retry ${row.task_id}`,
    })
  })

  test('a server that died with a use-once file in hand lets go of it', async () => {
    const row = await make('once')
    const lost = await open(row)
    await expect(open(row)).rejects.toMatchObject({ code: 'artifact-in-use' })
    clock.offsetSeconds = 120
    expect(await take(await open(row))).toBe(CONTENT)
    await lost.settle(CONTENT.length, true)
    expect((await again(row)).state).toBe('consumed')
  })

  test('the platform that does not answer keeps the file', async () => {
    const row = await make('scopeEnd')
    const get = ends.get.bind(ends)
    ends.get = () => {
      throw new Error('The platform is away.')
    }
    await pass(9)
    expect((await again(row)).state).toBe('available')
    ends.get = get
    await pass(2)
    expect((await again(row)).state).toBe('expired')
  })

  test('every download, extension and deletion is in the access log', async () => {
    const row = await make('onceForDays')
    await take(await open(row, { start: 2, end: 4 }))
    await (await open(row, undefined, bob)).settle(1, false)
    await rooms.services.artifacts.extend(row, inDays(20), ada)
    await take(await open(row))
    const log = await rooms.services.artifacts.accesses(row.id)
    expect(log.map(({ action, who, bytes, complete, range }) => [action, who.id, bytes, complete, range])).toEqual([
      ['consume', 'ada', null, null, null],
      ['download', 'ada', CONTENT.length, true, null],
      ['extend', 'ada', null, null, null],
      ['download', 'bob', 1, false, null],
      ['download', 'ada', 2, true, { start: 2, end: 4 }],
    ])
    const expired = await make('days')
    await pass(11)
    expect(await rooms.services.artifacts.accesses(expired.id)).toMatchObject([
      { action: 'expire', who: { id: 'errand' } },
    ])
  })
})
