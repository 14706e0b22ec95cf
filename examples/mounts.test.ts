import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type ErrandClient, isOver } from '@errand/client'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emptyDatabase } from '../packages/engine/src/test-support/databases.ts'
import { openPlatform as openExpress } from './express/app.ts'
import { openPlatform as openFastify } from './fastify/app.ts'
import { openPlatform as openHono } from './hono/app.ts'
import * as route from './next/app/api/v1/[...path]/route.ts'
import { errand as errandOfNext } from './next/lib/errand.ts'
import { type Errand, type Places, startWorker } from './platform/errand.ts'

/** The examples of platforms that embed Errand, as they stand there to be copied: each with its own framework's server. */

/** A platform that listens. */
interface Running {
  url: string
  close(): Promise<void>
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As the examples do when they are told to end. */
function end(errand: Errand, server: Server): Promise<void> {
  errand.server.stop()
  return new Promise((resolve) => server.close(() => resolve()))
}

const platforms: [string, (places: Places) => Promise<Running>][] = [
  [
    'express',
    async (places) => {
      const { app, close, errand } = await openExpress(places)
      const server = createServer(app)
      return { url: await listening(server), close: () => end(errand, server).then(close) }
    },
  ],
  [
    'fastify',
    async (places) => {
      const { app } = await openFastify(places)
      return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() }
    },
  ],
  [
    'hono',
    async (places) => {
      const { app, close, errand } = await openHono(places)
      const server = createAdaptorServer({ fetch: app.fetch }) as Server
      return { url: await listening(server), close: () => end(errand, server).then(close) }
    },
  ],
]

let folder: string
const drops: (() => Promise<void>)[] = []
const places = async (): Promise<Places> => {
  const { config, drop } = await emptyDatabase('postgres')
  drops.push(drop)
  if (config.kind !== 'postgres') throw new Error('unreachable')
  return { databaseUrl: config.url, filesFolder: folder }
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-mounts-'))
})
afterAll(async () => {
  for (const drop of drops) await drop()
  await rm(folder, { recursive: true, force: true })
})

/** A client on a page of the platform, in a browser that is signed in there. */
function signedIn(server: string, send: (request: Request) => Promise<Response> = fetch): ErrandClient {
  return createClient({
    server,
    fetch: (request) => {
      request.headers.set('Cookie', 'session=session-of-ada')
      request.headers.set('Sec-Fetch-Site', 'same-origin')
      return send(request)
    },
  })
}

/** From the request to the file, with the feed in between. */
async function certificateOf(client: ErrandClient, learner: string): Promise<string> {
  const { id } = await client.submit({ definition: 'certificate', input: { course: 'logic', learner } })
  for await (const event of client.watchTask(id)) if (event.type === 'task' && isOver(event.task)) break
  const { artifacts, state } = await client.task(id)
  expect(state).toBe('completed')
  const [file] = artifacts
  if (file === undefined) throw new Error('The task has made no file.')
  return new Response((await client.download(file)).body).text()
}

describe.each(platforms)('on %s', (_name, open) => {
  let platform: Running
  beforeAll(async () => {
    platform = await open(await places())
  })
  afterAll(() => platform.close())

  test('the platform answers as before, and nobody whom it does not know is answered by Errand', async () => {
    const page = await fetch(platform.url)
    expect(await page.text()).toBe('The platform')
    expect(page.headers.get('content-security-policy')).toBeNull()
    const stranger = await fetch(`${platform.url}/api/v1/tasks`)
    expect(stranger.status).toBe(401)
    expect(stranger.headers.get('content-type')).toContain('application/problem+json')
  })

  test('who is signed in on the platform starts a task, watches it and has its file', async () => {
    expect(await certificateOf(signedIn(platform.url), 'Ada')).toBe('Ada has completed logic.\n')
  })

  test("a page of another site cannot act with the platform's cookie", async () => {
    const headers = {
      Cookie: 'session=session-of-ada',
      'Sec-Fetch-Site': 'cross-site',
      'Content-Type': 'application/json',
    }
    const body = JSON.stringify({ definition: 'certificate', input: { course: 'logic', learner: 'Eve' } })
    const answer = await fetch(`${platform.url}/api/v1/tasks`, { method: 'POST', headers, body })
    expect(answer.status).toBe(403)
  })

  test('a file is handed in, as it is', async () => {
    const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
    const upload = await signedIn(platform.url).upload(new Blob([bytes]), {
      filename: 'a.json',
      mediaType: 'application/json',
    })
    expect(upload.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('an open feed does not keep the platform from closing', async () => {
    const other = await open(await places())
    const feed = await fetch(`${other.url}/api/v1/events`, { headers: { Cookie: 'session=session-of-ada' } })
    expect(feed.status).toBe(200)
    await other.close()
    await feed.text()
  })
})

describe('in Next', () => {
  test('the route handlers answer what Next hands them, and the worker is a process of its own', async () => {
    const { databaseUrl, filesFolder } = await places()
    process.env.DATABASE_URL = databaseUrl
    process.env.FILES_FOLDER = filesFolder
    const { engine } = await errandOfNext()
    const worker = await startWorker(engine)
    try {
      const send = async (request: Request): Promise<Response> => {
        if (request.method === 'GET') return route.GET(request)
        if (request.method === 'POST') return route.POST(request)
        throw new Error(`Not expected here: ${request.method}`)
      }
      const stranger = await send(new Request('http://platform.example/api/v1/tasks'))
      expect(stranger.status).toBe(401)
      const client = signedIn('http://platform.example', send)
      expect(await certificateOf(client, 'Grace')).toBe('Grace has completed logic.\n')
    } finally {
      await worker.stop()
      await engine.close()
    }
  })
})
