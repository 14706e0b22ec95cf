import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { onBothDatabases } from '../test-support/databases.ts'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'

// Servers and databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const MB = 1_000_000
const shape = shapeOf([stepOf('write')], {
  scope: '{place}',
  artifacts: { out: { title: 'Out', mediaType: 'text/plain', visibility: 'owner', keep: 'forever' } },
})

onBothDatabases((kind) => {
  let rooms: Rooms
  beforeAll(async () => {
    const quota = { default: 10 * MB, scopes: { large: 100 * MB } }
    rooms = await openEmptyRooms(kind, [shape], { artifacts: { quota } })
  })
  afterAll(() => rooms.close())

  async function write(place: string, size: number) {
    const { id } = await rooms.submit({ definition: 'shape', input: { place } })
    const claim = await rooms.claimOf(id)
    const sink = await rooms.work.openArtifact(claim, 'out', { filename: 'out' })
    try {
      for (let left = size; left > 0; left -= MB) await sink.write(Buffer.alloc(Math.min(left, MB)))
      await sink.close()
      await rooms.work.complete(claim, null)
    } catch (error) {
      await sink.abort()
      await rooms.work.canceled(claim)
      throw error
    }
    return sink.id
  }

  test('a scope is filled up to its quota, and no further: in the middle of a write, and at the start', async () => {
    const first = await write('small', 6 * MB)
    await expect(write('small', 50 * MB)).rejects.toMatchObject({ code: 'quota-exceeded', status: 422 })
    await rooms.services.artifacts.sweep()
    // What was written of the one that failed is no longer counted.
    expect(await rooms.services.artifacts.quotas.usage('small')).toMatchObject({ files: 1, bytes: 6 * MB })
    await write('small', 4 * MB)
    await expect(rooms.submit({ definition: 'shape', input: { place: 'small' } })).rejects.toMatchObject({
      code: 'quota-exceeded',
      detail: `The files of small take ${10 * MB} bytes of ${10 * MB}.`,
    })
    await rooms.submit({ definition: 'shape', input: { place: 'other' } })
    const row = await rooms.services.artifacts.find(first)
    if (row !== undefined) await rooms.services.artifacts.delete(row, { id: 'ada', name: 'Ada', staff: false })
    await write('small', 5 * MB)
  })

  test('a scope may have a quota of its own; what takes most is shown first', async () => {
    await write('large', 30 * MB)
    const [biggest] = await rooms.services.artifacts.quotas.biggest(10)
    expect(biggest).toEqual({ scope: 'large', files: 1, bytes: 30 * MB, quota: 100 * MB })
  })
})
