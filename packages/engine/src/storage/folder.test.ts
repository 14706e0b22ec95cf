import { mkdtemp, readFile as read, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { openObjectStore } from './object-store.ts'

test('a folder that somebody removed meanwhile is written to again', async () => {
  const root = await mkdtemp(join(tmpdir(), 'errand-folder-'))
  const store = openObjectStore({ scheme: 'fs', root })
  await rm(root, { recursive: true })
  await pipeline(['a file'], store.write('some/where'))
  expect(await read(join(root, 'some/where'), 'utf8')).toBe('a file')
  await rm(root, { recursive: true })
})
