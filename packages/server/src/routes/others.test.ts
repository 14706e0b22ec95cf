import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { definitionSchema, statusSchema, workerSchema } from '../openapi/schemas.ts'
import { bodyOf, finish, problemOf, type RealServer, realServer, root, worker } from '../testing/real-server.ts'

let server: RealServer
beforeAll(async () => {
  server = await realServer()
})
afterAll(() => server.stop())
// As a worker does every few seconds.
beforeEach(() => server.engine.work.heartbeat(worker.id, []))

test('definitions: all, and one by name', async () => {
  const { definitions } = await bodyOf(
    await server.request('/api/v1/definitions'),
    z.object({ definitions: z.array(definitionSchema) }),
  )
  expect(definitions.map((one) => one.name).toSorted()).toEqual([
    'test.echo',
    'test.joint',
    'test.keeper',
    'test.reader',
    'test.single',
  ])
  const { id } = await server.start('test.echo', { text: 'open' })
  const one = await (await server.request('/api/v1/definitions/test.echo')).json()
  expect(one).toMatchObject({
    name: 'test.echo',
    version: 1,
    promoted: true,
    workers: 1,
    open: 1,
    shape: { title: 'Echo', steps: [{ name: 'say' }], input: { type: 'object' } },
  })
  expect(await (await server.request('/api/v1/definitions/test.echo?version=1')).json()).toEqual(one)
  await finish(server.engine, await server.claim(id))
})

test('definitions: an unknown one is told with those there are', async () => {
  const unknown = await server.request('/api/v1/definitions/test.eco')
  expect(await unknown.json()).toMatchObject({
    status: 404,
    code: 'definition-unknown',
    hint: 'There are: test.echo, test.joint, test.keeper, test.reader, test.single.',
  })
  const version = await server.request('/api/v1/definitions/test.echo?version=9')
  expect(await version.json()).toMatchObject({ status: 404, hint: 'Versions of test.echo: 1.' })
  expect((await server.request('/api/v1/definitions/test.echo?version=0')).status).toBe(400)
})

test('definitions: a version is promoted and retired by staff', async () => {
  const [echo] = (await server.engine.definitions(root)).filter((one) => one.name === 'test.echo')
  if (echo === undefined) throw new Error('unreachable')
  const other = { ...worker, id: randomUUID() }
  await server.engine.work.register(other, [{ ...echo.shape, name: 'test.other' }])
  await server.engine.work.register(other, [{ ...echo.shape, name: 'test.other', version: 2 }])
  const post = (path: string, as: 'ada' | 'root') =>
    server.request(`/api/v1/definitions/${path}`, { method: 'POST', as })
  expect(await problemOf(await post('test.other/2/promote', 'ada'))).toMatchObject({ status: 403, code: 'forbidden' })
  expect(await problemOf(await post('test.other/0/promote', 'root'))).toMatchObject({ status: 400 })
  expect(await problemOf(await post('test.other/3/promote', 'root'))).toMatchObject({ code: 'definition-unknown' })
  const promoted = await bodyOf(await post('test.other/2/promote', 'root'), definitionSchema)
  expect(promoted).toMatchObject({ version: 2, promoted: true })
  expect(await problemOf(await post('test.other/2/retire', 'root'))).toMatchObject({ code: 'definition-promoted' })
  const retired = await bodyOf(await post('test.other/1/retire', 'root'), definitionSchema)
  expect(retired.retiredAt).not.toBeNull()
})

test('workers', async () => {
  const response = await server.request('/api/v1/workers', { as: 'root' })
  expect(await response.json()).toMatchObject({
    workers: expect.arrayContaining([
      expect.objectContaining({ id: worker.id, host: 'localhost', pid: process.pid, concurrency: 4, live: true }),
    ]),
  })
})

test('workers: at which steps they are, for those who may see every task', async () => {
  const { id } = await server.start('test.echo', { text: 'in hand' })
  const claim = await server.claim(id)
  const list = z.object({ workers: z.array(workerSchema) })
  const asked = async (as: 'ada' | 'root') => {
    const { workers } = await bodyOf(await server.request('/api/v1/workers', { as }), list)
    return workers.find((one) => one.id === worker.id)
  }
  expect(await asked('root')).toMatchObject({
    running: 1,
    inHand: [{ taskId: id, definition: 'test.echo', version: 1, step: 'say', slices: null }],
  })
  expect(await asked('ada')).toMatchObject({ running: 1, inHand: null })
  await finish(server.engine, claim)
  expect(await asked('root')).toMatchObject({ running: 0, inHand: [] })
})

test('me', async () => {
  expect(await (await server.request('/api/v1/me', { as: 'root' })).json()).toEqual({
    ...root,
    may: { read: true, write: true, administer: true },
    actor: null,
    session: null,
  })
  expect((await server.request('/api/v1/me', { as: 'nobody' })).status).toBe(401)
})

test('health needs no token', async () => {
  expect((await server.request('/healthz', { as: 'nobody' })).status).toBe(200)
  expect((await server.request('/readyz', { as: 'nobody' })).status).toBe(200)
})

test('every route wants a token', async () => {
  const { paths } = await bodyOf(
    await server.request('/api/v1/openapi.json', { as: 'nobody' }),
    z.object({
      paths: z.record(z.string(), z.record(z.string(), z.looseObject({ security: z.unknown().optional() }))),
    }),
  )
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      // To sign in, and to sign out.
      if (path === '/api/v1/session' && security === undefined) continue
      const response = await server.request(path.replaceAll(/\{\w+\}/g, 'x'), {
        as: 'nobody',
        method: method.toUpperCase(),
      })
      expect(response.status, `${method} ${path}`).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
    }
  }
})

test('status is for staff, and metrics for whoever scrapes', async () => {
  const { id } = await server.start('test.echo', { text: 'status' })
  const refused = await server.request('/api/v1/status')
  expect(await problemOf(refused)).toMatchObject({ status: 403, code: 'forbidden' })
  const status = await bodyOf(await server.request('/api/v1/status', { as: 'root' }), statusSchema)
  expect(status).toMatchObject({
    database: 'pglite',
    queues: [{ definition: 'test.echo', version: 1, workers: 1, open: 1, ready: 1, running: 0 }],
    stuck: [],
  })
  const metrics = await server.request('/metrics', { as: 'nobody' })
  expect(metrics.headers.get('content-type')).toContain('text/plain')
  const text = await metrics.text()
  expect(text).toContain('errand_tasks_open{definition="test.echo",version="1"} 1')
  expect(text).not.toContain(id)
  await finish(server.engine, await server.claim(id))
})
