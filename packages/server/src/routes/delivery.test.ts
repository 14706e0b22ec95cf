import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { isAbsolute, relative } from 'node:path'
import { parse } from 'content-disposition'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type StorageServer, s3Server } from '../../../engine/src/test-support/s3-server.ts'
import type { Delivery } from '../config.ts'
import { taskSchema } from '../openapi/schemas.ts'
import { hasNginx, type Nginx, startNginx } from '../testing/nginx.ts'
import { bodyOf, finish, problemOf, type RealServer, realServer } from '../testing/real-server.ts'

/** What reaches whoever downloads, by each way of delivery: the bytes, the name, and nothing that could harm. */

// Each way is a server, a database and up to two more servers, which take their time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

/** What a task may call its file, and what it is then saved as. */
const names: [given: string, saved: string][] = [
  ['grades 📊.csv', 'grades 📊.csv'],
  ['الدرجات.csv', 'الدرجات.csv'],
  [`say "hi" and 'bye'; x=y.txt`, `say "hi" and 'bye'; x=y.txt`],
  ['two\r\nSet-Cookie: a=b.txt', 'two_Set-Cookie: a=b.txt'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['..\\..\\boot.ini', '.._.._boot.ini'],
  [`${'ü'.repeat(300)}.csv`, 'ü'.repeat(200)],
  ['CON', 'CON'],
  ['nul.txt', 'nul.txt'],
  ['=HYPERLINK("http://x").csv', '=HYPERLINK("http:_x").csv'],
  ['100%25 %2e%2e%2f.csv', '100%25 %2e%2e%2f.csv'],
  ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
  ['a\0b', 'a_b'],
]
/** A cell that a spreadsheet would run: what a task wrote is delivered as it is, and never shown by the server. */
const CONTENT = Buffer.concat([Buffer.from('=1+1,<script>alert(1)</script>\n'), randomBytes(300_000)])
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

interface Way {
  what: string
  delivery: Delivery
  s3?: true
  nginx?: true
}
const ways: Way[] = [
  { what: 'a stream', delivery: { by: 'stream' } },
  { what: 'a stream from S3', delivery: { by: 'stream' }, s3: true },
  { what: 'a redirect to S3', delivery: { by: 'redirect' }, s3: true },
  { what: 'a redirect, where files have no address', delivery: { by: 'redirect' } },
  { what: 'nginx', delivery: { by: 'x-accel', prefix: '/errand-files' }, nginx: true },
  { what: 'nginx, where files are on S3', delivery: { by: 'x-accel', prefix: '/errand-files' }, nginx: true, s3: true },
]
if (!hasNginx()) console.warn('NOT TESTED: delivery by nginx, as it is not installed (apt-get install nginx).')

describe.each(ways)('by $what', ({ delivery, nginx: wantsNginx, s3: wantsS3 }) => {
  if (wantsNginx && !hasNginx()) return void test.skip('needs nginx', () => undefined)
  let s3: StorageServer | undefined
  let server: RealServer
  let nginx: Nginx | undefined
  beforeAll(async () => {
    s3 = wantsS3 ? await s3Server() : undefined
    server = await realServer({ delivery }, s3 === undefined ? {} : { storages: { default: s3.config } })
    nginx = wantsNginx ? await startNginx(server.url, server.folder) : undefined
  })
  afterAll(async () => {
    await nginx?.stop()
    await server.stop()
    await s3?.close()
  })

  const get = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch((nginx?.url ?? server.url) + path, { ...init, headers: { authorization: 'Bearer ada', ...headers } })
  async function made(filename: string, slot = 'out'): Promise<string> {
    const { id } = await server.start('test.keeper', { text: 'x' })
    await finish(server.engine, await server.claim(id), { filename, content: CONTENT, mediaType: 'text/html', slot })
    const task = await bodyOf(await server.request(`/api/v1/tasks/${id}`), taskSchema)
    return `/api/v1/artifacts/${task.artifacts[0]?.id}/content`
  }

  test.each(names)('%j is saved as %j', async (given, saved) => {
    const response = await get(await made(given))
    expect(response.status).toBe(200)
    const disposition = parse(response.headers.get('content-disposition') ?? '')
    expect(disposition).toMatchObject({ type: 'attachment', parameters: { filename: saved } })
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(
      createHash('sha256')
        .update(await response.bytes())
        .digest('hex'),
    ).toBe(SHA256)
  })

  test('it is never run in the name of this site', async () => {
    const response = await get(await made('page.html'))
    await response.bytes()
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('x-accel-redirect')).toBeNull()
    // A redirect leads to another site, on which nobody is signed in.
    if (new URL(response.url).origin === new URL(s3?.config.endpoint ?? 'http://none').origin) return
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
  })

  test('a part of it, HEAD, and what the client has already', async () => {
    const path = await made('part.bin')
    const part = await get(path, { range: 'bytes=1000-1999' })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 1000-1999/${CONTENT.length}`)
    expect(Buffer.from(await part.bytes()).equals(CONTENT.subarray(1_000, 2_000))).toBe(true)
    const head = await get(path, {}, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(CONTENT.length)])
    const whole = await get(path)
    const tag = whole.headers.get('etag') ?? ''
    await whole.bytes()
    // A storage that serves it has tags of its own, and its own mind about them.
    if (delivery.by === 'redirect' && s3 !== undefined) return
    expect((await get(path, { 'if-none-match': tag })).status).toBe(304)
    const same = await get(path, { range: 'bytes=-10', 'if-range': tag })
    expect((await same.bytes()).length).toBe(10)
    const other = await get(path, { range: 'bytes=-10', 'if-range': '"other"' })
    expect([other.status, (await other.bytes()).length]).toEqual([200, CONTENT.length])
  })

  test('a use-once file is gone after one complete download, and only after that', async () => {
    const path = await made('secret.txt', 'once')
    expect((await (await get(path, { range: 'bytes=0-9' })).bytes()).length).toBe(10)
    await get(path, {}, { method: 'HEAD' })
    expect((await (await get(path)).bytes()).length).toBe(CONTENT.length)
    const gone = async () => {
      const response = await get(path)
      await response.body?.cancel()
      return response.status === 410
    }
    while (!(await gone()));
    const problem = await problemOf(await server.request(path))
    expect(problem).toMatchObject({ code: 'artifact-gone', state: 'consumed', endedBy: 'Ada' })
    expect(problem.hint).toContain('errand retry')
  })

  test('its address is no good to whoever may not have it', async () => {
    const path = await made('mine.txt')
    expect((await get(path, { authorization: 'Bearer bob' })).status).toBe(404)
    expect((await get('/errand-files/default/')).status).toBe(404)
    const accesses = await server.request(path.replace('content', 'accesses'))
    expect(await accesses.json()).toEqual({ accesses: [] })
    await (await get(path)).bytes()
    const { accesses: after } = (await (await server.request(path.replace('content', 'accesses'))).json()) as {
      accesses: unknown[]
    }
    expect(after).toMatchObject([{ action: 'download', who: { id: 'ada' } }])
  })
})

describe('use-once over a real connection', () => {
  let server: RealServer
  beforeAll(async () => {
    server = await realServer()
  })
  afterAll(() => server.stop())

  test('a download that is broken off does not use it up, and holds others off only while it lasts', async () => {
    const { id } = await server.start('test.keeper', { text: 'x' })
    const content = randomBytes(30_000_000)
    await finish(server.engine, await server.claim(id), { filename: 'big', content, slot: 'once' })
    const task = await bodyOf(await server.request(`/api/v1/tasks/${id}`), taskSchema)
    const path = `/api/v1/artifacts/${task.artifacts[0]?.id}/content`
    const first = request(server.url + path, { headers: { authorization: 'Bearer ada' } })
    first.on('error', () => undefined)
    await new Promise<void>((resolve) => {
      first.on('response', (response) => response.once('readable', () => resolve()))
      first.end()
    })
    expect(await problemOf(await server.request(path))).toMatchObject({ status: 409, code: 'artifact-in-use' })
    first.destroy()
    let answer = await server.request(path)
    while (answer.status === 409) answer = await server.request(path)
    expect(Buffer.from(await answer.bytes()).equals(content)).toBe(true)
    while ((await server.request(path)).status !== 410);
  })
})

test('X-Sendfile names the file itself, which lies in the storage', async () => {
  const server = await realServer({ delivery: { by: 'x-sendfile' } })
  try {
    const { id } = await server.start('test.keeper', { text: 'x' })
    await finish(server.engine, await server.claim(id), { filename: 'ü %2e.txt', content: CONTENT })
    const task = await bodyOf(await server.request(`/api/v1/tasks/${id}`), taskSchema)
    const response = await server.request(`/api/v1/artifacts/${task.artifacts[0]?.id}/content`)
    const path = decodeURIComponent(response.headers.get('x-sendfile') ?? '')
    expect(isAbsolute(path)).toBe(true)
    expect(relative(server.folder, path)).not.toMatch(/^\.\./)
    expect(await response.text()).toBe('')
  } finally {
    await server.stop()
  }
})
