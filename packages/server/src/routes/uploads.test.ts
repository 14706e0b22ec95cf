import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { taskSchema, uploadSchema } from '../openapi/schemas.ts'
import { bodyOf, problemOf, type RealServer, realServer } from '../testing/real-server.ts'

const LIMIT = 1_000_000
let server: RealServer
beforeAll(async () => {
  server = await realServer({ uploadLimit: LIMIT })
})
afterAll(() => server.stop())

function put(
  filename: string,
  body: NonNullable<RequestInit['body']>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return server.request(`/api/v1/uploads?filename=${encodeURIComponent(filename)}`, {
    method: 'PUT',
    body,
    duplex: 'half',
    headers: { 'content-type': 'application/gzip', ...headers },
  })
}

/** A body without an announced length. */
function stream(chunk: Uint8Array, times: number): ReadableStream<Uint8Array> {
  return ReadableStream.from(Array.from({ length: times }, () => chunk))
}

test('takes a file in, and a task can read it', async () => {
  const content = randomBytes(300_000)
  const response = await put('Kurs ü.tar.gz', content)
  expect(response.status).toBe(201)
  const upload = await bodyOf(response, uploadSchema)
  expect(response.headers.get('location')).toBe(`/api/v1/uploads/${upload.id}`)
  expect(upload).toMatchObject({
    filename: 'Kurs ü.tar.gz',
    mediaType: 'application/gzip',
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  })
  expect(await (await server.request(`/api/v1/uploads/${upload.id}`)).json()).toEqual(upload)
  const started = await server.request('/api/v1/tasks', {
    json: { definition: 'test.reader', uploads: { archive: upload.id } },
  })
  expect(started.status).toBe(202)
  const claim = await server.claim((await bodyOf(started, taskSchema)).id)
  const chunks: Uint8Array[] = []
  for await (const chunk of await server.engine.work.readUpload(claim, 'archive')) chunks.push(chunk)
  expect(Buffer.concat(chunks).equals(content)).toBe(true)
  await server.engine.work.complete(claim, null)
})

test('takes a file of unknown length, and an empty one', async () => {
  expect(await (await put('a', stream(Buffer.alloc(1_000), 50))).json()).toMatchObject({ size: 50_000 })
  expect(await (await put('b', '')).json()).toMatchObject({ size: 0 })
})

test('refuses what is too large: at once when it is announced, at the limit when it is not', async () => {
  const announced = await put('big', Buffer.alloc(LIMIT + 1))
  expect(await announced.json()).toMatchObject({ status: 413, code: 'upload-too-large', limit: LIMIT })
  const counted = await put('big', stream(Buffer.alloc(100_000), 30))
  expect(await counted.json()).toMatchObject({ status: 413, code: 'upload-too-large' })
  expect((await put('fits', Buffer.alloc(LIMIT))).status).toBe(201)
})

test('an upload that is broken off leaves nothing', async () => {
  const stored = () => readdir(server.folder, { recursive: true })
  const before = (await stored()).length
  const broken = request(`${server.url}/api/v1/uploads?filename=x`, {
    method: 'PUT',
    headers: { authorization: 'Bearer ada', 'content-length': 100_000 },
  })
  broken.on('error', () => {})
  await new Promise<void>((resolve) => broken.write(Buffer.alloc(10_000), () => resolve()))
  broken.destroy()
  const ended = () => server.logged.some((line) => line.method === 'PUT' && line.aborted === true)
  while (!ended()) await server.request('/healthz')
  while ((await stored()).length > before) await server.request('/healthz')
})

test.each([
  { filename: '', what: 'no name' },
  { filename: 'a/b', what: 'a path' },
  { filename: 'a\\b', what: 'a path of Windows' },
  { filename: 'a\nb', what: 'control characters' },
  { filename: 'x'.repeat(256), what: 'too long a name' },
])('refuses $what', async ({ filename }) => {
  const response = await put(filename, 'x')
  expect(response.status).toBe(400)
  expect((await problemOf(response)).errors).toMatchObject([{ in: 'query', field: 'filename' }])
})

test('wants a name at all, and to know who it is', async () => {
  expect((await server.request('/api/v1/uploads', { method: 'PUT', body: 'x' })).status).toBe(400)
  expect((await server.request('/api/v1/uploads?filename=x', { method: 'PUT', body: 'x', as: 'nobody' })).status).toBe(
    401,
  )
})

test('an upload is its owner’s alone', async () => {
  const { id } = await bodyOf(await put('mine', 'x'), uploadSchema)
  const seen = await server.request(`/api/v1/uploads/${id}`, { as: 'bob' })
  expect(await seen.json()).toMatchObject({ status: 404, code: 'upload-unknown' })
  const used = await server.request('/api/v1/tasks', {
    as: 'bob',
    json: { definition: 'test.reader', uploads: { archive: id } },
  })
  expect(await used.json()).toMatchObject({ code: 'upload-unknown' })
  expect((await server.request('/api/v1/uploads/not-an-id')).status).toBe(404)
})

test('a media type that is none is plain bytes', async () => {
  expect(await (await put('a', 'x', { 'content-type': 'nonsense' })).json()).toMatchObject({
    mediaType: 'application/octet-stream',
  })
})
