import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore } from '@errand/task'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openObjectStore, prepareStorage } from './object-store.ts'

/** More than is asked of a backend at a time, and no round number. */
const BIG = randomBytes(2_500_001)

describe.each(['fs', 'memory'] as const)('on %s', (scheme) => {
  let root: string
  let store: ObjectStore

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'errand-store-'))
    const config = scheme === 'fs' ? { scheme, root } : { scheme }
    await prepareStorage(config)
    store = openObjectStore(config)
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const bytes = async (key: string, range?: { start: number; end?: number }) =>
    Buffer.concat(await store.read(key, range).toArray())
  const keys = async (prefix: string) => {
    const found: string[] = []
    for await (const { key } of store.list(prefix)) found.push(key)
    return found.sort()
  }

  test('what was put is got, measured and read back', async () => {
    await store.put('a/text', 'hello')
    await store.put('a/bytes', new Uint8Array(BIG.buffer, BIG.byteOffset, 10))
    expect((await store.get('a/text'))?.toString()).toBe('hello')
    expect(await store.get('a/bytes')).toEqual(BIG.subarray(0, 10))
    expect(await store.stat('a/text')).toEqual({ key: 'a/text', size: 5 })
  })

  test('putting again replaces', async () => {
    await store.put('again', 'first, and longer')
    await store.put('again', 'second')
    expect((await bytes('again')).toString()).toBe('second')
  })

  test('a stream of any size is written and read back, and so is any part of it', async () => {
    await pipeline(
      Readable.from([BIG.subarray(0, 1), BIG.subarray(1, 1_500_000), BIG.subarray(1_500_000)]),
      store.write('big'),
    )
    expect((await bytes('big')).equals(BIG)).toBe(true)
    for (const [start, end] of [
      [0, 1],
      [1, 1],
      [0, BIG.length],
      [1_048_575, 1_048_577],
      [5, 2_000_000],
    ] as const) {
      expect((await bytes('big', { start, end })).equals(BIG.subarray(start, end)), `${start} to ${end}`).toBe(true)
    }
    expect((await bytes('big', { start: 2_500_000 })).equals(BIG.subarray(2_500_000))).toBe(true)
    expect((await bytes('big', { start: 2_400_000, end: 9_999_999 })).equals(BIG.subarray(2_400_000))).toBe(true)
    expect(await bytes('big', { start: BIG.length + 5 })).toHaveLength(0)
  })

  test('an empty object is an object', async () => {
    await pipeline(Readable.from([]), store.write('empty/stream'))
    await store.put('empty/put', '')
    for (const key of ['empty/stream', 'empty/put']) {
      expect(await store.stat(key)).toEqual({ key, size: 0 })
      expect(await store.get(key)).toHaveLength(0)
      expect(await bytes(key)).toHaveLength(0)
    }
  })

  test('what is missing is undefined, an ENOENT when it is read, and no error when it is deleted', async () => {
    expect(await store.get('missing/key')).toBeUndefined()
    expect(await store.stat('missing/key')).toBeUndefined()
    await expect(bytes('missing/key')).rejects.toMatchObject({ code: 'ENOENT' })
    await store.delete('missing/key')
  })

  test('a folder is no object', async () => {
    await store.put('folder/inside/file', 'x')
    expect(await store.stat('folder/inside')).toBeUndefined()
  })

  test('lists hold objects with their sizes, below the prefix only, however deep', async () => {
    await store.put('list/one', '1')
    await store.put('list/deep/er/two', '22')
    await store.put('listless', '3')
    expect(await keys('list/')).toEqual(['list/deep/er/two', 'list/one'])
    expect(await keys('list/nothing/')).toEqual([])
    expect(await keys('')).toContain('listless')
    for await (const { key, size } of store.list('list/deep/')) expect([key, size]).toEqual(['list/deep/er/two', 2])
  })

  test('a move leaves nothing behind and replaces what was there', async () => {
    await store.put('move/from', 'new')
    await store.put('move/to', 'old')
    await store.move('move/from', 'move/to')
    expect((await store.get('move/to'))?.toString()).toBe('new')
    expect(await store.get('move/from')).toBeUndefined()
  })

  test('keys may hold letters of any script', async () => {
    const key = 'né/日本 語+@.txt'
    await store.put(key, 'x')
    expect(await keys('né/')).toEqual([key])
    await store.delete(key)
    expect(await store.get(key)).toBeUndefined()
  })

  test('nobody meets half of an object, and one that is given up leaves what was there', async () => {
    await store.put('atomic', 'old')
    const writing = store.write('atomic')
    await new Promise<void>((resolve) => writing.write(BIG, () => resolve()))
    expect((await store.get('atomic'))?.toString()).toBe('old')
    const closed = new Promise((resolve) => writing.once('close', resolve))
    writing.destroy()
    await closed
    expect((await store.get('atomic'))?.toString()).toBe('old')
    if (scheme !== 'fs') return
    const left = await readdir(join(root, '.partial'), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([])
  })
})

test('what a killed process left unfinished is removed at a later start, and what is being written is not', async () => {
  const root = await mkdtemp(join(tmpdir(), 'errand-store-'))
  await prepareStorage({ scheme: 'fs', root })
  const [old, fresh] = [join(root, '.partial', 'old'), join(root, '.partial', 'fresh')]
  await writeFile(old, 'x')
  await writeFile(fresh, 'x')
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400
  await utimes(old, twoDaysAgo, twoDaysAgo)
  await prepareStorage({ scheme: 'fs', root })
  expect(await readdir(join(root, '.partial'))).toEqual(['fresh'])
  await rm(root, { recursive: true })
})

test('a scheme that there is not is a problem that names it', () => {
  expect(() => openObjectStore({ scheme: 'floppy' })).toThrow(
    expect.objectContaining({ code: 'storage-invalid', title: 'The storage "floppy" cannot be opened' }),
  )
})

test('a folder that cannot be made is found at the start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errand-store-'))
  const root = join(folder, 'file', 'storage')
  await writeFile(join(folder, 'file'), 'in the way')
  await expect(prepareStorage({ scheme: 'fs', root })).rejects.toMatchObject({
    code: 'storage-unwritable',
    detail: expect.stringContaining(root),
  })
  await rm(folder, { recursive: true })
})
