import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import type { StoreConfig } from '@errand/task'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type StorageServer, s3Server } from '../test-support/s3-server.ts'
import { hasRclone, webdavServer } from '../test-support/webdav-server.ts'
import { checkStorage } from './check.ts'
import { prepareStorage } from './folder.ts'
import { openObjectStore } from './object-store.ts'
import { openStorages } from './storages.ts'
import type { Store } from './store.ts'

// Servers and databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

/** More than is asked of a backend at a time, and no round number. */
const BIG = randomBytes(2_500_001)
/** More than one part of a backend that takes big objects in parts. */
const BIGGER = randomBytes(20_000_003)

const servers = { s3: s3Server, webdav: webdavServer }
if (!hasRclone()) console.warn('NOT TESTED: storage on WebDAV, as rclone is not installed (apt-get install rclone).')

describe.each([
  { scheme: 'fs' as const, skip: false },
  { scheme: 'memory' as const, skip: false },
  { scheme: 's3' as const, skip: false },
  { scheme: 'webdav' as const, skip: !hasRclone() },
])('on $scheme', ({ scheme, skip }) => {
  if (skip) return void test.skip('needs rclone', () => undefined)
  let root: string
  let server: StorageServer | undefined
  let config: StoreConfig
  let store: Store

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'errand-store-'))
    server = scheme === 's3' || scheme === 'webdav' ? await servers[scheme]() : undefined
    config = server?.config ?? (scheme === 'fs' ? { scheme, root } : { scheme })
    await prepareStorage(config)
    store = openObjectStore(config)
  })
  afterAll(async () => {
    await server?.close()
    await rm(root, { recursive: true, force: true })
  })

  const bytes = async (key: string, range?: { start: number; end?: number }) =>
    Buffer.concat(await store.read(key, range).toArray())
  const keys = async (prefix: string) => {
    const found: string[] = []
    for await (const { key } of store.list(prefix)) found.push(key)
    return found.sort()
  }

  test('of several who delete an object at the same time none fails', async () => {
    for (let round = 0; round < 5; round++) {
      await store.put('gone/at-once', 'once')
      await Promise.all(Array.from({ length: 8 }, () => store.delete('gone/at-once')))
      expect(await store.stat('gone/at-once')).toBeUndefined()
    }
  })

  test('what was put is got, measured and read back', async () => {
    await store.put('a/text', 'hello')
    await store.put('a/bytes', new Uint8Array(BIG.buffer, BIG.byteOffset, 10))
    expect((await store.get('a/text'))?.toString()).toBe('hello')
    expect(await store.get('a/bytes')).toEqual(BIG.subarray(0, 10))
    expect(await store.stat('a/text')).toMatchObject({ key: 'a/text', size: 5 })
  })

  test('what is handed over is stored as it was, and in a folder its memory is given back', async () => {
    const chunks = Array.from({ length: 40 }, (_, index) => Buffer.allocUnsafeSlow(70_001).fill(index))
    const expected = Buffer.concat(chunks)
    const stream = store.write('handed/over', { handedOver: true })
    for (const chunk of chunks) if (!stream.write(chunk)) await once(stream, 'drain')
    stream.end()
    await finished(stream)
    expect((await bytes('handed/over')).equals(expected)).toBe(true)
    if (scheme === 'fs') expect(new Set(chunks.map(({ length }) => length))).toEqual(new Set([0]))
  })

  test('putting again replaces', async () => {
    await store.put('again', 'first, and longer')
    await store.put('again', 'second')
    expect((await bytes('again')).toString()).toBe('second')
  })

  test('what was written has a time, as far as the backend tells one', async () => {
    const before = Date.now()
    await store.put('times/one', '1')
    const stated = (await store.stat('times/one'))?.modified
    if (scheme === 'memory') expect(stated).toBeUndefined()
    // To the second on some servers, whose clock may differ a little from ours.
    else expect(Math.abs((stated?.getTime() ?? 0) - before)).toBeLessThan(60_000)
    for await (const { modified } of store.list('times/')) expect(modified).toEqual(stated)
  })

  test('what is there is not created again', async () => {
    expect(await store.create('created/once', 'first')).toBe(true)
    expect(await store.create('created/once', Buffer.from('second'))).toBe(false)
    expect((await store.get('created/once'))?.toString()).toBe('first')
    await store.delete('created/once')
    expect(await store.create('created/once', Buffer.from('third'))).toBe(true)
    expect((await store.get('created/once'))?.toString()).toBe('third')
  })

  test.runIf(scheme === 'fs')('of many who create one object at once, one succeeds', async () => {
    for (let time = 0; time < 20; time++) {
      const key = `race/${time}`
      const tries = Array.from({ length: 16 }, async (_, number) =>
        (await store.create(key, `${number}`)) ? number : -1,
      )
      const won = (await Promise.all(tries)).filter((number) => number >= 0)
      expect(won).toHaveLength(1)
      expect((await store.get(key))?.toString()).toBe(`${won[0]}`)
    }
    expect(await readdir(join(root, '.partial'))).toEqual([])
  })

  test('a stream of any size is written and read back, and so is any part of it', async () => {
    await pipeline(
      Readable.from([BIG.subarray(0, 1), BIG.subarray(1, 1_500_000), BIG.subarray(1_500_000)]),
      store.write('big'),
    )
    expect((await bytes('big')).equals(BIG)).toBe(true)
    for (const [start, end] of [
      // s3rver answers a question for the first byte alone with all of them.
      [0, scheme === 's3' ? 2 : 1],
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
      expect(await store.stat(key)).toMatchObject({ key, size: 0 })
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

  test('an object of several parts comes back as it was', async () => {
    await pipeline(Readable.from([BIGGER.subarray(0, 9_000_000), BIGGER.subarray(9_000_000)]), store.write('parts'))
    expect((await bytes('parts')).equals(BIGGER)).toBe(true)
    expect(
      (await bytes('parts', { start: 7_000_000, end: 17_000_000 })).equals(BIGGER.subarray(7_000_000, 17_000_000)),
    ).toBe(true)
  })

  test.each(['../out', 'a/../../out', '/root', 'a//b', 'a/./b', 'a\\b', 'a\0b', ''])('%j is no key', async (key) => {
    expect(() => store.write(key)).toThrow(expect.objectContaining({ code: 'storage-key-invalid' }))
    expect(() => store.read(key)).toThrow(expect.objectContaining({ code: 'storage-key-invalid' }))
    expect(() => store.delete(key)).toThrow(expect.objectContaining({ code: 'storage-key-invalid' }))
  })

  test('its check finds nothing wrong, and leaves nothing', async () => {
    const outcomes = new Map((await checkStorage(config)).map(({ what, outcome, detail }) => [what, detail ?? outcome]))
    const signed = outcomes.get('serve it by a signed address')
    outcomes.delete('serve it by a signed address')
    expect([...outcomes.values()]).toEqual(Array(6).fill('ok'))
    expect(signed).toMatch(scheme === 's3' ? /^ok$/ : /streams instead/)
    expect(await keys('errand-check/')).toEqual([])
  })

  test.runIf(scheme === 's3' || scheme === 'webdav')(
    'a wrong password is refused by the server, and said',
    async () => {
      const wrong = { ...config, ...(scheme === 's3' ? { secret_access_key: 'wrong' } : { password: 'wrong' }) }
      await expect(openObjectStore(wrong).put('x', 'y')).rejects.toThrow()
      await expect(pipeline(Readable.from([BIG]), openObjectStore(wrong).write('x'))).rejects.toThrow()
      const failed = (await checkStorage(wrong)).filter(({ outcome }) => outcome === 'failed')
      expect(failed.map(({ what }) => what)).toContain('write 9 MiB as a stream')
    },
  )

  test.runIf(scheme === 's3')(
    'a signed address serves the object under its name for its time, and no other',
    async () => {
      const writing = store.write('signed', {
        mediaType: 'text/csv',
        disposition: "attachment; filename*=UTF-8''%C3%BC.csv",
      })
      await pipeline(Readable.from([Buffer.from('a,b')]), writing)
      const address = (await store.sign('signed', 60)) ?? ''
      const answer = await fetch(address)
      expect(await answer.text()).toBe('a,b')
      expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%BC.csv")
      expect(answer.headers.get('content-type')).toContain('text/csv')
      expect((await fetch(address.replace('/signed?', '/parts?'))).status).toBe(403)
      expect((await fetch(address.replace('Expires=60', 'Expires=6000'))).status).toBe(403)
    },
  )

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

test('outputs go where the slot, then the definition, then nothing says; a route to nowhere stops the start', async () => {
  const memory = { scheme: 'memory' }
  const configs = { default: memory, reports: memory, errors: memory }
  const storages = await openStorages(configs, { report: 'reports', 'report/errors': 'errors' })
  expect(storages.route('report', 'rows')).toBe('reports')
  expect(storages.route('report', 'errors')).toBe('errors')
  expect(storages.route('other', 'errors')).toBe('default')
  expect(() => storages.get('gone')).toThrow(expect.objectContaining({ code: 'storage-missing' }))
  await expect(openStorages(configs, { report: 'nowhere' })).rejects.toMatchObject({
    code: 'storage-route-invalid',
    detail: 'Outputs of report are to go there.',
  })
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

test.runIf(existsSync('/proc/self'))(
  'a place where the system makes no folders is found, and not waited for',
  async () => {
    await expect(prepareStorage({ scheme: 'fs', root: '/proc/none/storage' })).rejects.toMatchObject({
      code: 'storage-unwritable',
      detail: '/proc/none/storage: no folder can be made there',
    })
  },
)
