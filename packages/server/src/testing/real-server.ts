import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type Claim, createEngine, type Engine, type Principal } from '@errand/engine'
import { pino } from 'pino'
import type { z } from 'zod'
import { tokenAuthenticator } from '../http/token-authenticator.ts'
import type { Listening } from '../listen.ts'
import { problemSchema, taskSchema } from '../openapi/schemas.ts'
import { createServer, type ServerOptions } from '../server.ts'
import { definitions } from './definitions.ts'

export const ada: Principal = { id: 'ada', name: 'Ada', staff: false }
export const bob: Principal = { id: 'bob', name: 'Bob', staff: false }
export const root: Principal = { id: 'root', name: 'Root', staff: true }
const people = { ada, bob, root }

/** A request as a test writes it: by default ada's, with a JSON body where there is a `json`. */
export interface TestRequest extends Omit<RequestInit, 'headers'> {
  as?: keyof typeof people | 'nobody'
  json?: unknown
  headers?: Record<string, string>
}

/** The real server on the real engine, in memory. */
export interface RealServer {
  engine: Engine
  listening: Listening
  url: string
  /** Where the storage keeps its objects. */
  folder: string
  /** What has been logged. */
  logged: Record<string, unknown>[]
  request(path: string, options?: TestRequest): Promise<Response>
  /** Starts a task over HTTP and returns its JSON. */
  start(definition: string, input: Record<string, unknown>): Promise<z.output<typeof taskSchema>>
  /** Takes the next ready step in hand, as a worker does, as soon as there is one. */
  claim(): Promise<Claim>
  stop(): Promise<void>
}

const WORKER = { id: 'worker-1', name: 'test', host: 'localhost', pid: process.pid, concurrency: 4 }

export async function realServer(options: Partial<ServerOptions> = {}): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-server-'))
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: 'memory://' },
    storages: { default: { scheme: 'fs', root: folder } },
  })
  await engine.work.register(
    WORKER,
    definitions.map((definition) => definition.shape),
  )
  const logged: Record<string, unknown>[] = []
  const lines = new Writable({
    write(chunk, _encoding, done) {
      logged.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const server = createServer({
    engine,
    authenticate: tokenAuthenticator(Object.entries(people).map(([token, principal]) => ({ token, principal }))),
    logger: pino({ level: 'debug' }, lines),
    ...options,
  })
  const listening = await server.listen({ port: 0 })
  const { url } = listening

  const real: RealServer = {
    engine,
    listening,
    url,
    folder,
    logged,
    request(path, { as = 'ada', json, headers, ...init } = {}) {
      return fetch(url + path, {
        ...init,
        ...(json === undefined ? {} : { method: init.method ?? 'POST', body: JSON.stringify(json) }),
        headers: {
          ...(as === 'nobody' ? {} : { authorization: `Bearer ${as}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      })
    },
    async start(definition, input) {
      const response = await real.request('/api/v1/tasks', { json: { definition, input } })
      if (response.status !== 202) throw new Error(`Not started: ${await response.text()}`)
      return await bodyOf(response, taskSchema)
    },
    async claim() {
      let wake: () => void = () => {}
      const off = engine.work.onWork(() => wake())
      try {
        for (;;) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve
          })
          const [claim] = await engine.work.claim(WORKER.id, 1)
          if (claim) return claim
          await woken
        }
      } finally {
        off()
      }
    },
    async stop() {
      await listening.close(0)
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return real
}

/** The JSON of a response, which is as the OpenAPI document says. */
export async function bodyOf<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.output<Schema>> {
  return schema.parse(await response.json())
}

/** The problem in a response, whose status is that of the response. */
export async function problemOf(response: Response): Promise<z.output<typeof problemSchema>> {
  const problem = await bodyOf(response, problemSchema)
  if (problem.status !== response.status) throw new Error(`A problem of ${problem.status} came with ${response.status}`)
  if (response.headers.get('content-type') !== 'application/problem+json')
    throw new Error('A problem came as plain JSON')
  return problem
}

/** Writes the claim's output and completes its step, as a worker does. */
export async function finish(
  engine: Engine,
  claim: Claim,
  output?: { filename: string; content: Uint8Array; mediaType?: string },
): Promise<void> {
  if (output) {
    const { content, ...file } = output
    const sink = await engine.work.openArtifact(claim, 'out', file)
    await sink.write(content)
    await sink.close()
  }
  await engine.work.complete(claim, { done: true })
}
