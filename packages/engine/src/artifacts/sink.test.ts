import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmptyRooms, type Rooms } from '../test-support/rooms.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import type { Claim } from '../types.ts'

/** What a storage that fails, and a worker that was slow, do to a file that is being written. */

const shape = shapeOf([stepOf('write')], {
  scope: '{place}',
  artifacts: {
    out: { title: 'Out', mediaType: 'text/plain', visibility: 'owner', keep: 'forever' },
  },
})
let storage: string
let rooms: Rooms
beforeAll(async () => {
  storage = await mkdtemp(join(tmpdir(), 'errand-sink-'))
  rooms = await openEmptyRooms('pglite', [shape], { storage })
})
afterAll(async () => {
  await rooms.close()
  await rm(storage, { recursive: true, force: true })
})

const begin = async (place: string): Promise<Claim> => {
  const { id } = await rooms.submit({ definition: 'shape', input: { place } })
  return rooms.claimOf(id)
}

test('a file that cannot be moved into its place is not taken for written', async () => {
  // A file lies where the folder of the scope would be made.
  await writeFile(join(storage, 'blocked'), '')
  const claim = await begin('blocked')
  const sink = await rooms.work.openArtifact(claim, 'out', { filename: 'out.txt' })
  await sink.write(Buffer.from('text'))
  await expect(sink.close()).rejects.toMatchObject({ code: 'storage-failed' })
})

test('a file that is complete only after its attempt was lost leaves no bytes', async () => {
  const slow = await begin('late')
  const sink = await rooms.work.openArtifact(slow, 'out', { filename: 'out.txt' })
  await sink.write(Buffer.from('late'))
  await rooms.lapse(shape)
  const quick = await rooms.claimOf(slow.taskId)
  const other = await rooms.work.openArtifact(quick, 'out', { filename: 'out.txt' })
  await other.write(Buffer.from('in time'))
  await other.close()
  await rooms.work.complete(quick, null)
  await expect(sink.close()).rejects.toMatchObject({ code: 'claim-lost' })
  expect((await rooms.task(slow.taskId)).artifacts).toMatchObject([{ size: 7, state: 'available' }])
  const files = await readdir(join(storage, 'late'), { recursive: true, withFileTypes: true })
  expect(files.filter((entry) => entry.isFile())).toHaveLength(1)
})
