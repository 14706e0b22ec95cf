import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ada, bob, onBothDatabases, staff } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'

const LIMIT = 100_000

onBothDatabases((kind) => {
  let rooms: Rooms
  let storage: string
  beforeAll(async () => {
    storage = await mkdtemp(join(tmpdir(), 'errand-uploads-'))
    rooms = await openEmptyRooms(kind, [], { storage, uploadLimit: LIMIT })
  })
  afterAll(async () => {
    await rooms.close()
    await rm(storage, { recursive: true, force: true })
  })

  const files = async () =>
    (await readdir(storage, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length
  const rows = async () => {
    const found = await sql<{ n: number }>`SELECT count(*)::int AS n FROM errand.uploads`.execute(rooms.services.db)
    return found.rows[0]?.n
  }
  const create = (body: AsyncIterable<Uint8Array>, filename = 'a.tar.gz') =>
    rooms.services.uploads.create({ filename, mediaType: 'application/gzip', body }, ada)
  async function* bytes(count: number, then?: Error) {
    for (let left = count; left > 0; left -= 1_000) yield Buffer.alloc(Math.min(1_000, left), 7)
    if (then !== undefined) throw then
  }

  test('a file of any size up to the limit is taken whole, the empty one too', async () => {
    for (const size of [0, 1, 99_999, LIMIT]) {
      const upload = await create(bytes(size))
      expect(upload.size).toBe(size)
      const row = await rooms.services.uploads.find(upload.id)
      if (row === undefined) throw new Error('It is not there.')
      expect(Buffer.concat(await rooms.services.uploads.read(row).toArray())).toHaveLength(size)
    }
  })

  test('the newest of one’s own is found by what was said of it, until it is given up', async () => {
    const { uploads } = rooms.services
    const file = { filename: 'a.tar.gz', mediaType: 'application/gzip', metadata: 'filename YS50YXIuZ3o=' }
    expect(await uploads.arriving.findSaid(file.metadata, ada)).toBeUndefined()
    const whole = await uploads.create({ ...file, body: bytes(10) }, ada)
    expect(await uploads.arriving.findSaid(file.metadata, ada)).toMatchObject({ id: whole.id, complete: true })
    const part = await uploads.arriving.begin({ ...file, size: 20 }, ada)
    await uploads.arriving.append(part.id, 0, bytes(5), ada)
    expect(await uploads.arriving.findSaid(file.metadata, ada)).toMatchObject({
      id: part.id,
      offset: 5,
      complete: false,
    })
    for (const other of [bob, staff]) expect(await uploads.arriving.findSaid(file.metadata, other)).toBeUndefined()
    expect(await uploads.arriving.findSaid('filename YQ==', ada)).toBeUndefined()
    await uploads.arriving.remove(part.id, ada)
    expect(await uploads.arriving.findSaid(file.metadata, ada)).toMatchObject({ id: whole.id })
  })

  test('one byte more is refused and leaves nothing, neither a row nor a file nor half of one', async () => {
    const before = [await files(), await rows()]
    await expect(create(bytes(LIMIT + 1))).rejects.toMatchObject({ code: 'upload-too-large', status: 413 })
    expect([await files(), await rows()]).toEqual(before)
  })

  test('one that breaks off leaves nothing', async () => {
    const before = [await files(), await rows()]
    await expect(create(bytes(50_000, new Error('gone')))).rejects.toMatchObject({
      code: 'upload-failed',
      detail: 'gone',
    })
    expect([await files(), await rows()]).toEqual(before)
  })

  test('a file name is kept without what could harm', async () => {
    expect((await create(bytes(1), '../\0\u202eévil.tgz')).filename).not.toMatch(/[/\0\u202e]/)
  })

  test('its owner and staff see it, nobody else does', async () => {
    const { id } = await create(bytes(10))
    expect((await rooms.services.uploads.get(id, ada)).id).toBe(id)
    expect((await rooms.services.uploads.get(id, staff)).id).toBe(id)
    await expect(rooms.services.uploads.get(id, bob)).rejects.toMatchObject({ code: 'upload-unknown', status: 404 })
    await expect(rooms.services.uploads.get('no id', ada)).rejects.toMatchObject({ status: 404 })
  })
})
