import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient } from '@errand/client'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { freePort, type Process, start } from './chaos/processes.ts'
import { over } from './place.ts'

/** Spans of servers and workers, each a process of its own, as a collector gets them. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const pack = resolve(import.meta.dirname, 'fan-out/pack')
const database = `errand_traces_${randomUUID().replaceAll('-', '')}`
const token = randomBytes(32).toString('base64url')

const attribute = z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              kind: z.int(),
              attributes: z.array(attribute),
            }),
          ),
        }),
      ),
    }),
  ),
})

interface Seen {
  service: unknown
  trace: string
  id: string
  parent: string | undefined
  name: string
  attributes: Record<string, unknown>
}

const seen: Seen[] = []
/** What OTLP over HTTP asks of a collector, and no more. */
const collector = createServer(async (request, response) => {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  for (const { resource, scopeSpans } of exported.parse(JSON.parse(text)).resourceSpans) {
    const service = valuesOf(resource.attributes)['service.name']
    for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
      const { name, parentSpanId: parent, spanId: id, traceId: trace } = span
      seen.push({ service, trace, id, parent, name, attributes: valuesOf(span.attributes) })
    }
  }
  response.setHeader('Content-Type', 'application/json').end('{}')
})

function valuesOf(attributes: z.output<typeof attribute>[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

const open: Process[] = []
let folder: string
let env: Record<string, string>
let telemetry: Record<string, string>

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

async function begin(name: string, args: string[], more: Record<string, string> = {}): Promise<Process> {
  const one = start({ args, env: { ...env, ...more }, cwd: folder, logs: folder, name })
  open.push(one)
  await one.ready
  return one
}

/** Asked for in a trace of the platform's. @returns the trace, the platform's span in it, and the task once it is over */
async function runTask(port: string, items: number) {
  const [trace, span] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/tasks`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      traceparent: `00-${trace}-${span}-01`,
    },
    body: JSON.stringify({ definition: 'hard', input: { items } }),
  })
  expect(response.status).toBe(202)
  const { id } = z.object({ id: z.string() }).parse(await response.json())
  const client = createClient({ server: `http://127.0.0.1:${port}`, token })
  expect(await over(client, id)).toMatchObject({ state: 'completed' })
  return { id, span, trace }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-traces-'))
  await query(`CREATE DATABASE ${database}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${database}`
  env = { DATABASE_URL: url.href, ERRAND_DATA: join(folder, 'shared'), ERRAND_TOKEN: token, ERRAND_LOG_LEVEL: 'warn' }
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  telemetry = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  }
})
afterAll(async () => {
  for (const one of open) if (one.running) await one.kill()
  collector.close()
  await query(`DROP DATABASE ${database} WITH (FORCE)`)
  await rm(folder, { recursive: true, force: true })
})

test('one trace leads from the platform’s request to the last slice', async () => {
  const port = String(await freePort())
  const silent = String(await freePort())
  const server = await begin('server', ['server', '--port', port], telemetry)
  const worker = await begin('worker', ['worker', pack], { ...telemetry, OTEL_SERVICE_NAME: 'the-worker' })
  const watched = await runTask(port, 400)
  // A server that nobody watches keeps the trace of whoever asks all the same.
  await begin('silent', ['server', '--port', silent])
  const past = await runTask(silent, 10)
  for (const one of [server, worker]) {
    one.signal('SIGTERM')
    // Nothing is lost that had not been sent yet.
    expect((await one.ended).signal).toBeNull()
  }

  const spans = seen.filter(({ attributes, trace }) => trace === watched.trace && attributes['url.path'] !== undefined)
  expect(spans).toMatchObject([{ name: 'POST /api/v1/tasks', service: 'errand-server', parent: watched.span }])
  const mine = seen.filter(({ attributes }) => attributes['errand.task.id'] === watched.id)
  expect(new Set(mine.map(({ trace }) => trace))).toEqual(new Set([watched.trace]))
  const submit = only(mine, 'submit hard')
  expect(submit.parent).toBe(spans[0]?.id)

  const runs = mine.filter(({ service }) => service === 'the-worker')
  const phase = (name: string) => runs.filter(({ attributes }) => attributes['errand.phase'] === name)
  const [plan, ...noOther] = phase('planning')
  expect(noOther).toEqual([])
  expect(plan).toMatchObject({ name: 'run hard write', parent: submit.id })
  const slices = phase('slice')
  expect(slices.length).toBeGreaterThan(1)
  expect(new Set(slices.map(({ parent }) => parent))).toEqual(new Set([plan?.id]))
  expect(phase('finishing')).toMatchObject([{ parent: submit.id }])
  expect(only(runs, 'run hard count')).toMatchObject({
    parent: submit.id,
    attributes: { 'errand.outcome': 'completed', 'errand.step': 'count' },
  })

  const others = seen.filter(({ attributes }) => attributes['errand.task.id'] === past.id)
  expect(new Set(others.map(({ service }) => service))).toEqual(new Set(['the-worker']))
  expect(new Set(others.map(({ trace }) => trace))).toEqual(new Set([past.trace]))
  expect(only(others, 'run hard count').parent).toBe(past.span)
})

function only(spans: readonly Seen[], name: string): Seen {
  const [found, ...more] = spans.filter((span) => span.name === name)
  if (found === undefined || more.length > 0)
    throw new Error(`${more.length + (found ? 1 : 0)} spans are called ${name}.`)
  return found
}
