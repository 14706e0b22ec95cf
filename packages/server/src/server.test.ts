import { createServer as createNetServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Authenticate } from './context.ts'
import { taskPageSchema } from './openapi/schemas.ts'
import { createServer } from './server.ts'
import { ada, bodyOf, listenOver, problemOf, type RealServer, realServer } from './testing/real-server.ts'

let server: RealServer
let request: RealServer['request']
beforeAll(async () => {
  server = await realServer()
  request = server.request
})
afterAll(() => server.stop())

test('an address that is none, and a method that is not taken, are problems', async () => {
  const unknown = await request('/api/v1/nothing')
  expect(await unknown.json()).toMatchObject({ status: 404, code: 'route-unknown' })
  expect((await request('/nothing', { as: 'nobody' })).status).toBe(404)
  const method = await request('/api/v1/tasks', { method: 'PATCH' })
  expect(method.status).toBe(405)
  expect(method.headers.get('allow')?.split(', ').toSorted()).toEqual(['GET', 'HEAD', 'POST'])
  expect(await method.json()).toMatchObject({ code: 'method-not-allowed' })
})

test('each request has an id, and one line in the log without its query', async () => {
  const { logged } = server
  const given = await request('/api/v1/tasks?q=private', { headers: { 'x-request-id': 'proxy-1' } })
  expect(given.headers.get('x-request-id')).toBe('proxy-1')
  const made = await request('/api/v1/me', { headers: { 'x-request-id': 'a b' } })
  expect(made.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
  await request('/healthz')
  const line = logged.find((one) => one.requestId === 'proxy-1')
  expect(line).toMatchObject({ method: 'GET', path: '/api/v1/tasks', status: 200, principal: 'ada', aborted: false })
  expect(JSON.stringify(logged)).not.toContain('private')
  expect(JSON.stringify(logged)).not.toContain('Bearer')
})

test('every answer carries what keeps browsers careful', async () => {
  for (const path of ['/api/v1/me', '/api/v1/nothing', '/healthz']) {
    expect(Object.fromEntries((await request(path)).headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
  }
})

test('a page of another site cannot act with a cookie', async () => {
  const byCookie: Authenticate = (request) => (request.headers.get('cookie') === 'session=ada' ? ada : null)
  const { request, listening } = await listenOver(server.engine, { authenticate: byCookie })
  const post = (site: string) =>
    request('/api/v1/tasks', {
      as: 'nobody',
      json: { definition: 'test.echo', input: { text: 'x' } },
      headers: { cookie: 'session=ada', 'sec-fetch-site': site, origin: 'https://elsewhere.test' },
    })
  expect(await (await post('cross-site')).json()).toMatchObject({ status: 403, code: 'cross-site' })
  expect((await post('same-origin')).status).toBe(202)
  await listening.close(0)
})

test('a port in use, and an address that is not ours, are problems that say what to do', async () => {
  const other = createNetServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { listen } = createServer({ engine: server.engine, authenticate: () => null })
  await expect(listen({ port })).rejects.toMatchObject({
    name: 'Problem',
    code: 'port-in-use',
    title: `Port ${port} is in use`,
    hint: expect.stringContaining('--port'),
  })
  await expect(listen({ port: 0, host: '192.0.2.1' })).rejects.toMatchObject({ code: 'host-unknown' })
  await new Promise((resolve) => other.close(resolve))
})

test('stops in a moment: feeds end, connections that are kept are closed, nothing new is taken', async () => {
  const { request, listening, url } = await listenOver(server.engine)
  const { id } = await server.start('test.echo', { text: 'open' })
  const feeds = await Promise.all([request(`/api/v1/tasks/${id}/events`), request('/api/v1/events')])
  const waiting = request('/api/v1/tasks', {
    json: { definition: 'test.echo', input: { text: 'stop while waiting' } },
    headers: { prefer: 'wait=10' },
  })
  // Asked after the others, and answered: the ones before have arrived.
  const path = '/api/v1/tasks?scope=text:stop while waiting'
  while ((await bodyOf(await request(path), taskPageSchema)).tasks.length < 1);
  const began = performance.now()
  await listening.close(5_000)
  expect(performance.now() - began).toBeLessThan(4_000)
  for (const feed of feeds) expect(await feed.text()).not.toContain('event: end')
  expect((await waiting).status).toBe(202)
  await expect(fetch(`${url}/healthz`)).rejects.toThrow()
  await listening.close()
})

// The last: it closes the engine that the others use.
test('what nobody expected is told by a reference, and logged with it', async () => {
  const { engine, logged } = server
  await engine.close()
  const response = await request('/api/v1/tasks')
  const problem = await problemOf(response)
  expect(problem).toMatchObject({ status: 500, code: 'unexpected', reference: expect.any(String) })
  expect(problem.hint).toContain(problem.reference)
  expect(JSON.stringify(problem)).not.toMatch(/ at |\.ts/)
  const line = logged.find((one) => one.reference === problem.reference)
  expect(line).toMatchObject({
    level: 50,
    requestId: problem.reference,
    principal: 'ada',
    err: { stack: expect.any(String) },
  })
  const ready = await request('/readyz')
  expect(await ready.json()).toMatchObject({ status: 503, code: 'database-unreachable' })
  expect((await request('/healthz')).status).toBe(200)
})
