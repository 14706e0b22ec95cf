import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import {
  type Claim,
  createEngine,
  type Engine,
  type EngineConfig,
  type Principal,
  type WorkerInfo,
} from '@errand/engine'
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

/** A server that listens, over an engine. */
export interface ListeningServer {
  listening: Listening
  url: string
  /** What has been logged. */
  logged: Record<string, unknown>[]
  request(path: string, options?: TestRequest): Promise<Response>
}

/** The real server on the real engine, in memory. */
export interface RealServer extends ListeningServer {
  engine: Engine
  /** Where the storage keeps its objects. */
  folder: string
  /** Starts a task over HTTP and returns its JSON. */
  start(definition: string, input: Record<string, unknown>): Promise<z.output<typeof taskSchema>>
  /** Takes a step of the task in hand, as a worker does, as soon as it is ready. What other tests left is completed. */
  claim(taskId: string): Promise<Claim>
  /** The same for a task whose id is not known yet: the one about `scope`. */
  claimOf(scope: string): Promise<Claim>
  stop(): Promise<void>
}

export const worker: WorkerInfo = {
  id: randomUUID(),
  name: 'test',
  host: 'localhost',
  pid: process.pid,
  concurrency: 4,
}

export async function listenOver(engine: Engine, options: Partial<ServerOptions> = {}): Promise<ListeningServer> {
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
  return {
    listening,
    url: listening.url,
    logged,
    request(path, { as = 'ada', json, headers, ...init } = {}) {
      return fetch(listening.url + path, {
        ...init,
        ...(json === undefined ? {} : { method: init.method ?? 'POST', body: JSON.stringify(json) }),
        headers: {
          ...(as === 'nobody' ? {} : { authorization: `Bearer ${as}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      })
    },
  }
}

export async function realServer(
  options: Partial<ServerOptions> = {},
  config: Partial<EngineConfig> = {},
): Promise<RealServer> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-server-'))
  const engine = await createEngine({
    database: { kind: 'pglite', dataDir: 'memory://' },
    storages: { default: { scheme: 'fs', root: folder } },
    ...config,
  })
  await engine.work.register(
    worker,
    definitions.map((definition) => definition.shape),
  )
  const server = await listenOver(engine, options)
  return {
    ...server,
    engine,
    folder,
    async start(definition, input) {
      const response = await server.request('/api/v1/tasks', { json: { definition, input } })
      if (response.status !== 202) throw new Error(`Not started: ${await response.text()}`)
      return await bodyOf(response, taskSchema)
    },
    claim: (taskId) => claim((one) => one.taskId === taskId),
    claimOf: (scope) => claim((one) => one.scope === scope),
    async stop() {
      await server.listening.close(0)
      await engine.close()
      await rm(folder, { recursive: true, force: true })
    },
  }

  async function claim(wanted: (claim: Claim) => boolean): Promise<Claim> {
    let wake: () => void = () => {}
    const off = engine.work.onWork(() => wake())
    try {
      for (;;) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve
        })
        const [found] = await engine.work.claim(worker.id, 1)
        // Asks again now and then, as a worker does: none at hand is not none at all.
        if (!found) await Promise.race([woken, setTimeout(200)])
        else if (wanted(found)) return found
        else await engine.work.complete(found, null)
      }
    } finally {
      off()
    }
  }
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
  output?: { filename: string; content: Uint8Array; mediaType?: string; slot?: string },
): Promise<void> {
  if (output) {
    const { content, slot = 'out', ...file } = output
    const sink = await engine.work.openArtifact(claim, slot, file)
    await sink.write(content)
    await sink.close()
  }
  await engine.work.complete(claim, { done: true })
}
