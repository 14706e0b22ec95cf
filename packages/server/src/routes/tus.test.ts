import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { createClient } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { uploadSchema } from '../openapi/schemas.ts'
import { bodyOf, problemOf, type RealServer, realServer, type TestRequest } from '../testing/real-server.ts'

/** Uploads in parts: the protocol, byte for byte, over real connections that are cut. */

// Servers and databases start here, and take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const LIMIT = 40_000_000
let server: RealServer
beforeAll(async () => {
  server = await realServer({ uploadLimit: LIMIT })
})
afterAll(() => server.stop())

const metadata = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')
const tus = (path: string, method: string, headers: Record<string, string> = {}, more: TestRequest = {}) =>
  server.request(path, { method, ...more, headers: { 'tus-resumable': '1.0.0', ...headers } })
async function begin(size: number, values: Record<string, string> = { filename: 'Kurs ü.tar.gz' }): Promise<string> {
  const headers = { 'upload-length': String(size), 'upload-metadata': metadata(values) }
  const response = await tus('/api/v1/uploads', 'POST', headers)
  expect(response.status).toBe(201)
  expect(Date.parse(response.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now())
  return response.headers.get('location') ?? ''
}
const patch = (path: string, offset: number, bytes: Uint8Array, headers: Record<string, string> = {}) =>
  tus(
    path,
    'PATCH',
    { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream', ...headers },
    { body: Buffer.from(bytes) },
  )
const offset = async (path: string) => Number((await tus(path, 'HEAD')).headers.get('upload-offset'))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Sends some of it and pulls the plug. */
async function cut(path: string, at: number, announced: number, bytes: Uint8Array): Promise<void> {
  const sending = request(server.url + path, {
    method: 'PATCH',
    headers: {
      authorization: 'Bearer ada',
      'tus-resumable': '1.0.0',
      'upload-offset': at,
      'content-type': 'application/offset+octet-stream',
      'content-length': announced,
    },
  })
  sending.on('error', () => undefined)
  await new Promise<void>((resolve) => sending.write(bytes, () => resolve()))
  sending.destroy()
}

/** How many requests for it have ended before their time. */
const endings = (path: string) => server.logged.filter((line) => line.path === path && line.aborted === true).length

test('says what it can', async () => {
  const response = await server.request('/api/v1/uploads', { method: 'OPTIONS' })
  expect(response.status).toBe(204)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'tus-version': '1.0.0',
    'tus-extension': 'creation,creation-with-upload,expiration,checksum,termination',
    'tus-max-size': String(LIMIT),
    'tus-checksum-algorithm': 'sha1,sha256,md5',
  })
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
})

test('a file in three parts is one file', async () => {
  const content = randomBytes(3_000_000)
  const path = await begin(content.length, { filename: 'Kurs ü.tar.gz', filetype: 'application/gzip' })
  expect(await offset(path)).toBe(0)
  for (const [start, end] of [
    [0, 1_000_000],
    [1_000_000, 2_999_999],
    [2_999_999, 3_000_000],
  ] as const) {
    const response = await patch(path, start, content.subarray(start, end))
    expect([response.status, response.headers.get('upload-offset')]).toEqual([204, String(end)])
  }
  expect(await offset(path)).toBe(content.length)
  const upload = await bodyOf(await server.request(path), uploadSchema)
  expect(upload).toMatchObject({
    filename: 'Kurs ü.tar.gz',
    mediaType: 'application/gzip',
    size: content.length,
    sha256: sha256(content),
  })
  const { status } = await server.request('/api/v1/tasks', {
    json: { definition: 'test.reader', uploads: { archive: upload.id } },
  })
  expect(status).toBe(202)
})

test('what arrived before a cut is kept, and the rest follows', async () => {
  const content = randomBytes(20_000_000)
  const path = await begin(content.length)
  let at = 0
  let kept = 0
  for (let cuts = 0; cuts < 5; cuts += 1) {
    const before = endings(path)
    await cut(path, at, content.length - at, content.subarray(at, at + 3_000_000))
    while (endings(path) === before) await server.request('/healthz')
    const now = await offset(path)
    expect(now).toBeGreaterThanOrEqual(at)
    expect(now).toBeLessThanOrEqual(at + 3_000_000)
    kept += now - at
    at = now
  }
  expect(kept).toBeGreaterThan(0)
  expect((await patch(path, at, content.subarray(at))).status).toBe(204)
  expect(await bodyOf(await server.request(path), uploadSchema)).toMatchObject({ sha256: sha256(content) })
})

test('the client goes on by itself where the server has got to', async () => {
  const content = randomBytes(30_000_000)
  let requests = 0
  const client = createClient({
    server: server.url,
    token: 'ada',
    async fetch(asked) {
      if (asked.method !== 'PATCH' || ++requests > 3) return fetch(asked)
      // The connection ends in the middle of the body.
      const path = new URL(asked.url).pathname
      const at = Number(asked.headers.get('upload-offset'))
      await asked.body?.cancel()
      await cut(path, at, content.length - at, content.subarray(at, at + 5_000_000))
      throw new TypeError('fetch failed')
    },
  })
  const progress: number[] = []
  const upload = await client.upload(new Blob([content]), { filename: 'a', onProgress: (done) => progress.push(done) })
  expect(upload).toMatchObject({ size: content.length, sha256: sha256(content) })
  expect(requests).toBeGreaterThan(3)
  expect(progress.at(-1)).toBe(content.length)
})

test('the client goes on with what was begun before it was started anew; what is gone begins again', async () => {
  const content = randomBytes(3_000_000)
  const file = new File([content], 'course.tar.gz')
  const path = await begin(content.length, { filename: 'course.tar.gz' })
  const id = path.slice(path.lastIndexOf('/') + 1)
  expect((await patch(path, 0, content.subarray(0, 2_000_000))).status).toBe(204)
  const client = createClient({ server: server.url, token: 'ada' })
  const progress: number[] = []
  const begun: string[] = []
  const options = { onProgress: (done: number) => progress.push(done), onBegun: (one: string) => begun.push(one) }
  const upload = await client.upload(file, { ...options, resume: id })
  expect([upload.id, upload.sha256]).toEqual([id, sha256(content)])
  expect(progress[0]).toBe(2_000_000)
  // It is whole: nothing is sent again.
  expect((await client.upload(file, { ...options, resume: id })).id).toBe(id)
  const gone = await client.upload(file, { ...options, resume: '01890000-0000-7000-8000-000000000000' })
  const larger = await client.upload(new Blob([content, 'x']), { ...options, resume: id })
  expect(new Set([id, gone.id, larger.id]).size).toBe(3)
  expect(begun).toEqual([id, id, gone.id, larger.id])
})

test('an empty file is there at once', async () => {
  const response = await tus('/api/v1/uploads', 'POST', { 'upload-length': '0' })
  const path = response.headers.get('location') ?? ''
  expect(await bodyOf(await server.request(path), uploadSchema)).toMatchObject({ filename: 'upload', size: 0 })
})

test('a part with the wrong checksum is not taken, and can be sent again', async () => {
  const content = randomBytes(100_000)
  const path = await begin(content.length)
  const checksum = (bytes: Uint8Array) => `sha256 ${createHash('sha256').update(bytes).digest('base64')}`
  const wrong = await patch(path, 0, content, { 'upload-checksum': checksum(Buffer.from('other')) })
  expect([wrong.status, (await problemOf(wrong)).code]).toEqual([460, 'upload-checksum'])
  expect(await offset(path)).toBe(0)
  expect((await patch(path, 0, content, { 'upload-checksum': 'crc32 AAAA' })).status).toBe(400)
  expect((await patch(path, 0, content, { 'upload-checksum': checksum(content) })).status).toBe(204)
  expect(await bodyOf(await server.request(path), uploadSchema)).toMatchObject({ sha256: sha256(content) })
})

test('a whole that is not what it was to be is refused', async () => {
  const content = randomBytes(1_000)
  const path = await begin(content.length, { sha256: sha256(Buffer.from('other')) })
  expect(await problemOf(await patch(path, 0, content))).toMatchObject({ status: 422, code: 'upload-damaged' })
  expect((await server.request(path)).status).toBe(404)
})

test('what is not at the offset, too large, or another’s is refused', async () => {
  const path = await begin(10)
  expect((await patch(path, 5, Buffer.alloc(5))).status).toBe(409)
  expect((await patch(path, 0, Buffer.alloc(11))).status).toBe(413)
  const large = await tus('/api/v1/uploads', 'POST', { 'upload-length': String(LIMIT + 1) })
  expect(await problemOf(large)).toMatchObject({ status: 413, code: 'upload-too-large' })
  expect((await tus(path, 'HEAD', {}, { as: 'bob' })).status).toBe(404)
  expect((await tus(path, 'DELETE', {}, { as: 'bob' })).status).toBe(404)
  expect((await server.request(path, { method: 'DELETE' })).status).toBe(412)
  expect((await tus('/api/v1/uploads/none', 'HEAD')).status).toBe(404)
})

test('one that is given up is gone', async () => {
  const path = await begin(10)
  expect((await tus(path, 'DELETE')).status).toBe(204)
  expect((await tus(path, 'HEAD')).status).toBe(404)
  expect((await patch(path, 0, Buffer.alloc(10))).status).toBe(404)
})

test('two that send the same bytes at once store them once', async () => {
  const content = randomBytes(2_000_000)
  const path = await begin(content.length)
  const both = await Promise.all([patch(path, 0, content), patch(path, 0, content)])
  expect(both.map(({ status }) => status).sort()).toEqual([204, 409])
  const upload = await bodyOf(await server.request(path), uploadSchema)
  expect(upload.sha256).toBe(sha256(content))
  const parts = await readdir(`${server.folder}/uploads/${upload.id}`)
  expect(parts).toHaveLength(1)
})

test('one person has a limited number under way', async () => {
  const answers: number[] = []
  for (let count = 0; count < 60 && !answers.includes(429); count += 1) {
    answers.push((await tus('/api/v1/uploads', 'POST', { 'upload-length': '1' }, { as: 'bob' })).status)
  }
  expect(answers.at(-1)).toBe(429)
})
