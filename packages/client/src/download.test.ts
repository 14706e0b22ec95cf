import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from './client.ts'
import { downloadFile } from './node.ts'
import { type Answer, json, scriptedServer } from './testing/scripted-server.ts'
import type { Artifact } from './types.ts'

const content = randomBytes(300_000)
const artifact: Artifact = {
  id: 'a',
  taskId: 't',
  slot: 'archive',
  title: 'Archive',
  filename: 'course.tar.gz',
  mediaType: 'application/gzip',
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  state: 'available',
  visibility: 'owner',
  keep: 'forever',
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: null,
  endedAt: null,
  endedReason: null,
  endedBy: null,
  may: [],
}

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
}

/** Sends the part asked for, but only up to `upTo`, and then cuts the connection. */
function part(upTo = content.length): Answer {
  return (request, response) => {
    const start = startOf(request)
    response.writeHead(start > 0 ? 206 : 200, { 'Content-Length': content.length - start })
    response.write(content.subarray(start, upTo), () => upTo < content.length && request.socket.destroy())
    if (upTo === content.length) response.end()
  }
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(body).arrayBuffer())
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'errand-client-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

test('goes on where the connection broke', async () => {
  const { url, requests } = await scriptedServer(
    part(100_000),
    (request) => void request.socket.destroy(),
    part(250_000),
    part(),
  )
  const progress: number[] = []
  const { body } = await createClient({ server: url }).download(artifact, { onProgress: (done) => progress.push(done) })
  expect((await bytesOf(body)).equals(content)).toBe(true)
  expect(requests.map(startOf)).toEqual([0, 100_000, 100_000, 250_000])
  expect(progress.at(-1)).toBe(content.length)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
})

test('does not put two files together', async () => {
  const { url } = await scriptedServer(part(100_000), json(200, 'another file'))
  const { body } = await createClient({ server: url }).download(artifact)
  await expect(bytesOf(body)).rejects.toMatchObject({ code: 'artifact-changed' })
})

test('gives up when the patience is over', async () => {
  const { url } = await scriptedServer(part(100_000))
  const { body } = await createClient({ server: url }).download(artifact, { patience: 50 })
  await expect(bytesOf(body)).rejects.toMatchObject({ code: 'server-unreachable' })
})

test('an empty file is a file', async () => {
  const { url } = await scriptedServer(
    (_request, response) => void response.writeHead(200, { 'Content-Length': 0 }).end(),
  )
  const { body } = await createClient({ server: url }).download({ ...artifact, size: 0 })
  expect(await bytesOf(body)).toHaveLength(0)
})

test('a file on disk appears whole or not at all, and a later call goes on with its part', async () => {
  const path = join(await folder(), 'out.tar.gz')
  await writeFile(path, 'what was there before')
  const { url, requests } = await scriptedServer(json(200, artifact), part(100_000), json(200, artifact), part())
  const client = createClient({ server: url })
  await expect(downloadFile(client, 'a', path, { patience: 0 })).rejects.toMatchObject({ code: 'server-unreachable' })
  expect(await readFile(path, 'utf8')).toBe('what was there before')
  expect(await downloadFile(client, 'a', path)).toMatchObject({ path, size: content.length })
  expect((await readFile(path)).equals(content)).toBe(true)
  expect(await readdir(join(path, '..'))).toEqual(['out.tar.gz'])
  expect(requests.map(startOf)[3]).toBeGreaterThan(0)
})

test('bytes that changed on their way are not kept', async () => {
  const at = await folder()
  const { url } = await scriptedServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': content.length })
    response.end(Buffer.alloc(content.length))
  })
  const client = createClient({ server: url })
  await expect(downloadFile(client, artifact, join(at, 'out'))).rejects.toMatchObject({ code: 'artifact-damaged' })
  expect(await readdir(at)).toEqual([])
})
