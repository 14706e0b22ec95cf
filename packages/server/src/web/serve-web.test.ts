import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RealServer, realServer } from '../testing/real-server.ts'
import { loadWebApp } from './web-app.ts'

/** What the server does with a built app; the app itself is tested in a browser, in e2e/web. */

let folder: string
let server: RealServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-built-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>The app</title>')
  await writeFile(join(folder, 'assets/index-abc.js'), `${'console.log(1);'.repeat(100)}\n`)
  await writeFile(join(folder, 'secret.txt'), 'not a kind of file that a page needs')
  server = await realServer({ web: await loadWebApp(folder) })
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const page = (path: string) => server.request(path, { as: 'nobody', headers: { accept: 'text/html' } })

test.each(['/', '/tasks/01890000-0000-7000-8000-000000000000', '/start/course.export'])(
  'the page at %s is the app, which may run and load only what comes from here',
  async (path) => {
    const response = await page(path)
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('The app')
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
  },
)

test.each([
  ['/', ['/api/v1/me', '/api/v1/tasks?limit=50']],
  ['/?state=failed', ['/api/v1/me']],
  ['/start', ['/api/v1/me']],
])('a browser that gets %s may ask for what the app reads first before it has the app', async (path, reads) => {
  const link = (await page(path)).headers.get('link') ?? ''
  expect(link.split(', ')).toEqual(reads.map((read) => `<${read}>; rel=preload; as=fetch; crossorigin`))
})

test('a page that the browser has kept may do what it might before', async () => {
  const first = await page('/')
  const headers = { accept: 'text/html', 'if-none-match': first.headers.get('etag') ?? '' }
  const again = await server.request('/', { as: 'nobody', headers })
  expect(again.status).toBe(304)
  expect(again.headers.get('content-security-policy')).toBe(first.headers.get('content-security-policy'))
})

test('a file named by its content is kept for ever, compressed, and not sent twice', async () => {
  const response = await server.request('/assets/index-abc.js', { as: 'nobody', headers: { 'accept-encoding': 'br' } })
  expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(response.headers.get('content-encoding')).toBe('br')
  expect(response.headers.get('cache-control')).toContain('immutable')
  expect(await response.text()).toContain('console.log(1)')
  const tag = response.headers.get('etag') ?? ''
  const again = await server.request('/assets/index-abc.js', { as: 'nobody', headers: { 'if-none-match': tag } })
  expect(again.status).toBe(304)
})

test.each(['/api/v1/nothing', '/api', '/metrics/x', '/healthz/x'])('%s is never a page', async (path) => {
  const response = await page(path)
  expect(response.headers.get('content-type')).not.toContain('text/html')
  expect(response.status).toBeGreaterThanOrEqual(400)
})

test('what is no file of the app is not served, and what asks for no page gets a problem', async () => {
  expect(await (await page('/secret.txt')).text()).toContain('The app')
  expect(await (await page('/..%2f..%2fetc%2fpasswd')).text()).not.toContain('root:')
  const missing = await server.request('/assets/none.js', { as: 'nobody', headers: { accept: '*/*' } })
  expect(missing.status).toBe(404)
  expect(await missing.json()).toMatchObject({ code: 'route-unknown' })
  const post = await server.request('/tasks/x', { as: 'nobody', method: 'POST', headers: { accept: 'text/html' } })
  expect(post.status).toBe(404)
})

test('a folder without a built app is refused with what to do', async () => {
  await expect(loadWebApp(join(folder, 'assets'))).rejects.toMatchObject({ code: 'web-not-built' })
  await expect(loadWebApp(join(folder, 'none'))).rejects.toMatchObject({ code: 'web-not-built' })
})
