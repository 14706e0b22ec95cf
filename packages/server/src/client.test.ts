import { createHash, randomBytes } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiProblem, createClient, type ErrandClient } from '@errand/client'
import { downloadFile, uploadFile } from '@errand/client/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { finish, type RealServer, realServer } from './testing/real-server.ts'

const LIMIT = 5_000_000
let server: RealServer
let client: ErrandClient
let folder: string
beforeAll(async () => {
  server = await realServer({ uploadLimit: LIMIT })
  client = createClient({ server: server.url, token: 'ada', as: 'web' })
  folder = await mkdtemp(join(tmpdir(), 'errand-client-'))
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a task from its start to the file on disk', async () => {
  const task = await client.submit(
    { definition: 'test.echo', input: { text: 'client' } },
    { idempotencyKey: 'client-1' },
  )
  expect(task).toMatchObject({ state: 'pending', origin: { by: 'web' } })
  const content = randomBytes(1_000_000)
  const working = server.claim(task.id).then(async (claim) => {
    await server.engine.work.log(claim, 'Word one')
    await finish(server.engine, claim, { filename: 'out.bin', content })
  })
  const told: string[] = []
  for await (const event of client.watchTask(task.id)) {
    if (event.type === 'log') told.push(event.line.message)
    if (event.type === 'transition') told.push(`${event.transition.step ?? 'task'} ${event.transition.to}`)
    if (event.type === 'task') told.push(event.task.state)
  }
  await working
  expect(told).toContain('Word one')
  expect(told).toContain('say completed')
  expect(told.at(-1)).toBe('completed')
  const done = await client.task(task.id)
  expect((await client.tasks({ scope: 'text:client', state: ['completed', 'failed'] })).tasks[0]?.id).toBe(task.id)
  expect((await client.transitions(task.id)).length).toBe(done.sequence)
  expect((await client.logs(task.id)).map((line) => line.message)).toEqual(['Word one'])
  const [artifact] = done.artifacts
  if (!artifact) throw new Error('No artifact')
  const progress: number[] = []
  const path = join(folder, 'out.bin')
  await downloadFile(client, artifact.id, path, { onProgress: (bytes) => progress.push(bytes) })
  expect((await readFile(path)).equals(content)).toBe(true)
  expect(progress.at(-1)).toBe(content.length)
  expect(await client.deleteArtifact(artifact.id)).toMatchObject({ state: 'deleted' })
  await expect(client.download(artifact)).rejects.toMatchObject({ code: 'artifact-gone', status: 410 })
})

test('uploads from disk, from a stream and from a file of the browser', async () => {
  const content = randomBytes(2_000_000)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const path = join(folder, 'Kurs ü.tar.gz')
  await writeFile(path, content)
  const progress: (number | null)[][] = []
  const fromDisk = await uploadFile(client, path, { onProgress: (done, total) => progress.push([done, total]) })
  expect(fromDisk).toMatchObject({ filename: 'Kurs ü.tar.gz', sha256, size: content.length })
  expect(progress.at(-1)).toEqual([content.length, content.length])
  expect(progress.length).toBeGreaterThan(1)
  const fromFile = await client.upload(new File([content], 'b.zip', { type: 'application/zip' }))
  expect(fromFile).toMatchObject({ filename: 'b.zip', mediaType: 'application/zip', sha256 })
  const fromStream = await client.upload(new Blob([content]).stream(), { filename: 'c' })
  expect(fromStream).toMatchObject({ filename: 'c', mediaType: 'application/octet-stream', sha256 })
  expect(await client.uploaded(fromDisk.id)).toEqual(fromDisk)
})

test('a file that is written to while it is handed in is taken neither as it was nor as it is', async () => {
  const path = join(folder, 'growing')
  await writeFile(path, randomBytes(2_000_000))
  let begun = ''
  const writing = createClient({
    server: server.url,
    token: 'ada',
    async fetch(asked) {
      if (asked.method === 'PATCH') await appendFile(path, 'more')
      return fetch(asked)
    },
  })
  const upload = uploadFile(writing, path, { onBegun: (id) => (begun = id) })
  await expect(upload).rejects.toMatchObject({ code: 'file-changed' })
  await expect(client.uploaded(begun)).rejects.toMatchObject({ code: 'upload-unknown' })
})

test('a chosen file that is another by now is named at once, and not tried again for minutes', async () => {
  const path = join(folder, 'chosen')
  await writeFile(path, randomBytes(100_000))
  const blob = await openAsBlob(path)
  const file = Object.assign(blob, { name: 'chosen.zip' })
  await writeFile(path, randomBytes(200_000))
  // As a page hands it in: in pieces that are blobs.
  Object.assign(globalThis, { document: {} })
  try {
    await expect(client.upload(file, { filename: 'chosen.zip' })).rejects.toMatchObject({ code: 'file-changed' })
  } finally {
    Reflect.deleteProperty(globalThis, 'document')
  }
})

test('an upload that is too large ends with the reason, announced or not', async () => {
  const path = join(folder, 'large')
  await writeFile(path, Buffer.alloc(50_000_000))
  await expect(uploadFile(client, path)).rejects.toMatchObject({ code: 'upload-too-large', status: 413 })
  async function* endless() {
    for (;;) yield Buffer.alloc(65_536)
  }
  await expect(client.upload(endless(), { filename: 'endless' })).rejects.toMatchObject({ code: 'upload-too-large' })
})

test('a file that cannot be read is the system’s error, and one that breaks leaves no upload', async () => {
  await expect(uploadFile(client, join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' })
  async function* breaks() {
    yield Buffer.alloc(10)
    throw new RangeError('disk')
  }
  await expect(client.upload(breaks(), { filename: 'x' })).rejects.toThrow()
})

test('errors of the server are problems, with its words', async () => {
  await expect(client.submit({ definition: 'no.such' })).rejects.toBeInstanceOf(ApiProblem)
  await expect(client.submit({ definition: 'no.such' })).rejects.toMatchObject({
    code: 'definition-unknown',
    status: 404,
  })
  await expect(client.task('none')).rejects.toMatchObject({ code: 'task-unknown' })
  const stranger = createClient({ server: server.url, token: 'nobody' })
  await expect(stranger.me()).rejects.toMatchObject({ code: 'unauthenticated', status: 401 })
  await expect(stranger.watchTask('x').next()).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('the rest: cancel, run again, wait, definitions, workers, me', async () => {
  const task = await client.submit({ definition: 'test.echo', input: { text: 'rest' } })
  expect(await client.cancel(task.id)).toMatchObject({ state: 'canceled' })
  const again = await client.runAgain(task.id)
  expect(again.origin).toEqual({ by: 'retry', of: task.id })
  const waiting = client.submit({ definition: 'test.echo', input: { text: 'wait' } }, { wait: 10 })
  await finish(server.engine, await server.claimOf('text:wait'))
  expect(await waiting).toMatchObject({ state: 'completed' })
  expect((await client.definitions()).length).toBe(5)
  expect(await client.definition('test.echo', { version: 1 })).toMatchObject({ name: 'test.echo' })
  expect(await createClient({ server: server.url, token: 'root' }).workers()).toHaveLength(1)
  expect(await client.me()).toMatchObject({ id: 'ada' })
})
