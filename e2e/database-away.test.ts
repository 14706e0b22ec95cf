import { randomUUID } from 'node:crypto'
import { createEngine, type Engine } from '@errand/engine'
import { createServer, type Listening, tokenAuthenticator } from '@errand/server'
import pg from 'pg'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openRelay, type Relay } from './chaos/relay.ts'

/** What users of the API are told while the database is away. */

const name = `away_${randomUUID().replaceAll('-', '')}`
let relay: Relay
let engine: Engine
let listening: Listening

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  await client.query(text)
  await client.end()
}

beforeAll(async () => {
  await query(`CREATE DATABASE ${name}`)
  const url = new URL(inject('postgresUrl'))
  relay = await openRelay({ host: url.hostname, port: Number(url.port) })
  url.hostname = '127.0.0.1'
  url.port = String(relay.port)
  url.pathname = `/${name}`
  engine = await createEngine({
    database: { kind: 'postgres', url: url.href },
    storages: { default: { scheme: 'memory' } },
  })
  const server = createServer({
    engine,
    authenticate: tokenAuthenticator([{ token: 'ada', principal: { id: 'ada', name: 'Ada', staff: true } }]),
    logger: pino({ level: 'silent' }),
  })
  listening = await server.listen({ port: 0 })
})
afterAll(async () => {
  await listening.close()
  await engine.close()
  relay.close()
  await query(`DROP DATABASE ${name} WITH (FORCE)`)
})

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${listening.url}${path}`, { ...init, headers: { authorization: 'Bearer ada', ...init.headers } })

const requests: [string, RequestInit][] = [
  ['/readyz', {}],
  ['/api/v1/tasks', {}],
  [`/api/v1/tasks/${randomUUID()}`, {}],
  [
    '/api/v1/tasks',
    {
      method: 'POST',
      body: JSON.stringify({ definition: 'some', input: {} }),
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    },
  ],
]

test('every request is answered with 503 and when to try again, and with what it asked for once the database is back', async () => {
  expect((await ask('/readyz')).status).toBe(200)
  relay.drop()
  for (const [path, init] of requests) {
    const response = await ask(path, init)
    expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '5'])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'database-unreachable', hint: expect.any(String) })
  }
  expect((await ask('/healthz')).status).toBe(200)
  relay.heal()
  await expect.poll(async () => (await ask('/readyz')).status, { timeout: 30_000 }).toBe(200)
  const statuses = await Promise.all(requests.map(async ([path, init]) => (await ask(path, init)).status))
  expect(statuses).toEqual([200, 200, 404, 404])
})
