import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { taskSchema } from '../openapi/schemas.ts'
import { bodyOf, finish, type RealServer, realServer } from '../testing/real-server.ts'

const content = randomBytes(200_000)
const sha256 = createHash('sha256').update(content).digest('hex')
const filename = '成績 "Übersicht".html'

let server: RealServer
beforeAll(async () => {
  server = await realServer()
})
afterAll(() => server.stop())

async function written(bytes: Uint8Array = content): Promise<{ id: string; path: string }> {
  const { id: taskId } = await server.start('test.echo', { text: 'artifact' })
  await finish(server.engine, await server.claim(taskId), { filename, content: bytes, mediaType: 'text/html' })
  const task = await bodyOf(await server.request(`/api/v1/tasks/${taskId}`), taskSchema)
  const id = task.artifacts[0]?.id ?? 'none'
  return { id, path: `/api/v1/artifacts/${id}` }
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

test('says what an output is', async () => {
  const { id, path } = await written()
  expect(await (await server.request(path)).json()).toMatchObject({
    id,
    slot: 'out',
    title: 'Output',
    filename,
    mediaType: 'text/html',
    size: content.length,
    sha256,
    state: 'available',
    visibility: 'owner',
    keep: { days: 30 },
    endedAt: null,
  })
})

test('delivers it to be saved, and never to be run', async () => {
  const { path } = await written()
  const response = await server.request(`${path}/content`)
  expect(response.status).toBe(200)
  expect((await bytesOf(response)).equals(content)).toBe(true)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html',
    'content-length': String(content.length),
    etag: `"${sha256}"`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'content-disposition': `attachment; filename="?? \\"?bersicht\\".html"; filename*=UTF-8''%E6%88%90%E7%B8%BE%20%22%C3%9Cbersicht%22.html`,
  })
})

test.each([
  ['bytes=0-99', 0, 100],
  ['bytes=1000-', 1000, content.length],
  ['bytes=-1', content.length - 1, content.length],
])('delivers the part %s', async (range, start, end) => {
  const { path } = await written()
  const response = await server.request(`${path}/content`, { headers: { range } })
  expect(response.status).toBe(206)
  expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${content.length}`)
  expect(response.headers.get('content-length')).toBe(String(end - start))
  expect((await bytesOf(response)).equals(content.subarray(start, end))).toBe(true)
})

test('a part of another file is the whole of this one', async () => {
  const { path } = await written()
  const ask = (tag: string) => server.request(`${path}/content`, { headers: { range: 'bytes=10-', 'if-range': tag } })
  expect([(await ask(`"${sha256}"`)).status, (await ask('"other"')).status]).toEqual([206, 200])
  expect((await ask('Wed, 21 Oct 2015 07:28:00 GMT')).status).toBe(200)
})

test('a part that is not there is refused, with the size', async () => {
  const { path } = await written()
  const response = await server.request(`${path}/content`, { headers: { range: `bytes=${content.length}-` } })
  expect(response.status).toBe(416)
  expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`)
  expect(response.headers.get('content-disposition')).toBeNull()
  expect(await response.json()).toMatchObject({ code: 'range-unsatisfiable', size: content.length })
})

test('HEAD and If-None-Match send no bytes', async () => {
  const { path } = await written()
  const head = await server.request(`${path}/content`, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(content.length)])
  expect(await bytesOf(head)).toHaveLength(0)
  const same = await server.request(`${path}/content`, { headers: { 'if-none-match': `"${sha256}"` } })
  expect([same.status, await same.text()]).toEqual([304, ''])
})

test('an empty output is delivered too', async () => {
  const { path } = await written(new Uint8Array())
  const response = await server.request(`${path}/content`)
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '0'])
})

test('one that leaves in the middle leaves nothing open', async () => {
  const { path } = await written(randomBytes(20_000_000))
  const stop = new AbortController()
  const response = await server.request(`${path}/content`, { signal: stop.signal })
  await response.body?.getReader().read()
  stop.abort()
  const left = () => server.logged.some((line) => line.aborted === true && line.path === `${path}/content`)
  while (!left()) await server.request('/healthz')
  expect((await server.request(`${path}/content`, { headers: { range: 'bytes=0-0' } })).status).toBe(206)
})

test('a deleted output is gone, and says so', async () => {
  const { path } = await written()
  expect((await server.request(path, { method: 'DELETE', as: 'bob' })).status).toBe(404)
  const deleted = await server.request(path, { method: 'DELETE' })
  expect(deleted.status).toBe(200)
  expect(await deleted.json()).toMatchObject({ state: 'deleted', endedAt: expect.any(String) })
  expect(await (await server.request(path)).json()).toMatchObject({ state: 'deleted' })
  const gone = await server.request(`${path}/content`)
  expect(await gone.json()).toMatchObject({ status: 410, code: 'artifact-gone' })
  expect((await server.request(`${path}/content`, { method: 'HEAD' })).status).toBe(410)
})

test('what one may not see is not there', async () => {
  const { path } = await written()
  for (const one of [path, `${path}/content`]) {
    expect(await (await server.request(one, { as: 'bob' })).json()).toMatchObject({
      status: 404,
      code: 'artifact-unknown',
    })
    expect((await server.request(one, { as: 'nobody' })).status).toBe(401)
    expect((await server.request(one, { as: 'root' })).status).toBe(200)
  }
  expect((await server.request('/api/v1/artifacts/not-an-id/content')).status).toBe(404)
})
