import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Claim, createEngine, type Engine, type EngineConfig, type Principal } from '@errand/engine'
import { createServer, type ErrandServer, type Listening } from '@errand/server'
import { artifact, defineTask, upload } from '@errand/task'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { studioDoor } from './studio-door.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** The calls against the door, over an engine; the tasks have the names and the steps of the course pack's. */

const COURSE = 'course-v1:Org+C+R'
const APPS = 'https://apps.example.org'
const LIMIT = 1_000_000
const shared = {
  version: 1,
  input: z.object({ course: z.string() }),
  scope: ({ course }: { course: string }) => `course:${course}`,
  access: { start: 'staff' },
} as const
const run = () => Promise.resolve({})
const courseImport = defineTask({
  ...shared,
  name: 'course.import',
  title: 'Import a course',
  unique: ({ course }) => course,
  uploads: { archive: upload({ title: 'Archive', accept: ['.tar.gz', '.zip'] }) },
})
  .step('receive', { title: 'Look at the archive' }, run)
  .step('unpack', { title: 'Unpack', after: ['receive'] }, run)
  .step('read', { title: 'Read', after: ['unpack'] }, run)
  .step('check', { title: 'Check', after: ['read'] }, run)
  .step('store', { title: 'Store', after: ['check'] }, run)
  .step('publish', { title: 'Publish', after: ['store'] }, run)
const courseExport = defineTask({
  ...shared,
  name: 'course.export',
  title: 'Export a course',
  artifacts: {
    archive: artifact({
      title: 'Archive',
      filename: 'course.tar.gz',
      mediaType: 'application/gzip',
      visibility: 'team',
    }),
  },
})
  .step('snapshot', { title: 'Choose' }, run)
  .step('write', { title: 'Gather', after: ['snapshot'] }, run)
  .step('package', { title: 'Pack', after: ['write'] }, run)

const worker = { id: randomUUID(), name: 'test', host: 'localhost', pid: process.pid, concurrency: 4 }
const people: Record<string, Principal> = {
  ada: { id: 'ada', name: 'Ada', staff: false, roles: [{ scope: `course:${COURSE}`, role: 'staff' }] },
  eve: { id: 'eve', name: 'Eve', staff: false },
}

let folder: string
let config: EngineConfig
let engine: Engine
let server: ErrandServer
let listening: Listening
async function open(): Promise<void> {
  engine = await createEngine(config)
  await engine.work.register(worker, [courseImport.shape, courseExport.shape])
  server = createServer({
    engine,
    authenticate: (request) => people[/^user=(\w+)$/.exec(request.headers.get('cookie') ?? '')?.[1] ?? ''] ?? null,
    logger: pino({ level: 'silent' }),
    uploadLimit: LIMIT,
    doors: [studioDoor({ origins: [APPS] })],
  })
  listening = await server.listen({ port: 0 })
}
async function close(): Promise<void> {
  await listening.close(0)
  await engine.close()
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-studio-'))
  config = {
    database: { kind: 'pglite', dataDir: join(folder, 'database') },
    storages: { default: { scheme: 'fs', root: join(folder, 'storage') } },
  }
  await open()
})
afterAll(async () => {
  await close()
  await rm(folder, { recursive: true, force: true })
})

/** As a browser sends it from the front end's page. */
function call(path: string, init: RequestInit = {}, user = 'ada'): Promise<Response> {
  const headers = { cookie: `user=${user}`, origin: APPS, 'use-jwt-cookie': 'true', ...init.headers }
  return fetch(listening.url + path, { ...init, headers })
}
/** What is read of an answer here; what else it has stays in it. */
const bodySchema = z.looseObject({
  ImportStatus: z.number().optional(),
  ExportStatus: z.number().optional(),
  ExportOutput: z.string().optional(),
  ErrMsg: z.string().optional(),
  task_id: z.string().optional(),
})
const answer = async (response: Promise<Response>) => {
  const { status, headers } = await response
  const body = bodySchema.parse(await (await response).json())
  return { status, body, allowed: headers.get('access-control-allow-origin') }
}

/** A piece as the front end sends it: `startCourseImporting` of frontend-app-authoring, `src/import-page/data/api.ts`. */
function piece(content: Buffer, start: number, stop: number, name = 'course.tar.gz', user = 'ada') {
  const form = new FormData()
  form.append('course-data', new Blob([content.subarray(start, stop)]), name)
  const headers = {
    'Content-Range': `bytes ${start}-${stop - 1}/${content.length}`,
    // Not read by anybody, and not every name fits in.
    'Content-Disposition': `attachment; filename="${encodeURIComponent(name)}"`,
  }
  return call(`/import/${COURSE}`, { method: 'POST', body: form, headers }, user)
}
const statusOf = async (name = 'course.tar.gz') => (await answer(call(`/import_status/${COURSE}/${name}`))).body

/** The next ready step. */
async function step(name: string): Promise<Claim> {
  const claim = await vi.waitUntil(async () => (await engine.work.claim(worker.id, 1))[0], { timeout: 60_000 })
  expect(claim.step).toBe(name)
  return claim
}
async function uploaded(claim: Claim): Promise<Buffer> {
  return Buffer.concat(await (await engine.work.readUpload(claim, 'archive')).toArray())
}

test('an import in pieces: what each is answered, and the number of each step', async () => {
  const content = randomBytes(25_000)
  expect(await statusOf()).toEqual({ ImportStatus: 0, Message: '' })
  expect(await answer(piece(content, 0, 10_000))).toMatchObject({
    status: 200,
    allowed: APPS,
    body: { files: [{ name: 'course.tar.gz', size: 10_000, url: `/import/${COURSE}` }] },
  })
  expect(await statusOf()).toEqual({ ImportStatus: 0, Message: '' })
  expect((await answer(piece(content, 10_000, 20_000))).body).toMatchObject({ files: [{ size: 20_000 }] })
  expect((await answer(piece(content, 20_000, 25_000))).body).toEqual({ ImportStatus: 1 })
  expect(await statusOf()).toEqual({ ImportStatus: 1, Message: '' })
  const numbers: unknown[] = []
  for (const name of ['receive', 'unpack', 'read', 'check', 'store', 'publish']) {
    const claim = await step(name)
    if (name === 'receive') expect((await uploaded(claim)).equals(content)).toBe(true)
    numbers.push((await statusOf()).ImportStatus)
    await engine.work.complete(claim, {})
  }
  expect(numbers).toEqual([1, 1, 2, 2, 3, 3])
  expect(await statusOf()).toEqual({ ImportStatus: 4, Message: '' })
  // The next archive of this name is not taken for the one that is done.
  await piece(content, 0, 10_000)
  expect(await statusOf()).toEqual({ ImportStatus: 0, Message: '' })
})

test('pieces go on after a restart; one that comes twice, or a part of one, is stored once', async () => {
  const content = randomBytes(30_000)
  await piece(content, 0, 10_000, 'again.tar.gz')
  await close()
  await open()
  // The form of the second piece ends in the middle of it.
  const said = 'Content-Disposition: form-data; name="course-data"; filename="again.tar.gz"'
  const head = `--boundary\r\n${said}\r\nContent-Type: application/gzip\r\n\r\n`
  const broken = call(`/import/${COURSE}`, {
    method: 'POST',
    body: new Blob([head, content.subarray(10_000, 14_000)]),
    headers: {
      'content-range': 'bytes 10000-19999/30000',
      'content-type': 'multipart/form-data; boundary=boundary',
    },
  })
  expect(await answer(broken)).toMatchObject({ status: 400, body: { code: 'form-malformed' } })
  for (const times of [1, 2]) {
    const again = await answer(piece(content, 10_000, 20_000, 'again.tar.gz'))
    expect(again.body, `time ${times}`).toMatchObject({ files: [{ size: 20_000 }] })
  }
  for (const times of [1, 2]) {
    const last = await answer(piece(content, 20_000, 30_000, 'again.tar.gz'))
    expect(last.body, `time ${times}`).toEqual({ ImportStatus: 1 })
  }
  const claim = await step('receive')
  expect((await uploaded(claim)).equals(content)).toBe(true)
  const told = {
    code: 'archive-broken',
    title: 'The archive is damaged',
    detail: 'It ends early.',
    hint: 'Pack it again',
  }
  await engine.work.fail(claim, { ...told, retryable: false, reference: 'r' })
  expect(await statusOf('again.tar.gz')).toEqual({
    ImportStatus: -1,
    Message: 'The archive is damaged. It ends early. Pack it again.',
  })
  // One import, though its last piece came twice.
  expect(await engine.work.claim(worker.id, 1)).toEqual([])
})

test('a missing piece, one of the wrong size, and a name that is none are refused, with a text for the page', async () => {
  const content = randomBytes(30_000)
  const missed = await answer(piece(content, 10_000, 20_000, 'missed.tar.gz'))
  expect(missed).toMatchObject({ status: 409, body: { code: 'piece-missing', Stage: 0 } })
  expect(missed.body.ErrMsg).toContain('Send the file again from its beginning.')
  await piece(content, 0, 10_000, 'missed.tar.gz')
  expect((await answer(piece(content, 20_000, 30_000, 'missed.tar.gz'))).status).toBe(409)
  for (const name of ['course.exe', '..', `${'x'.repeat(250)}.tar.gz`]) {
    expect(await answer(piece(content, 0, 30_000, name)), name).toMatchObject({ status: 415 })
  }
  // A path is left off, as browsers leave it off.
  expect((await answer(piece(content, 0, 10_000, '../../etc/x.tar.gz'))).body).toMatchObject({
    files: [{ name: 'x.tar.gz' }],
  })
  const send = (range: string, field = 'course-data') => {
    const form = new FormData()
    form.append(field, new Blob([content]), 'sizes.tar.gz')
    return answer(call(`/import/${COURSE}`, { method: 'POST', body: form, headers: { 'content-range': range } }))
  }
  for (const range of ['bytes 0-9/30000', 'bytes 0-39999/50000'])
    expect(await send(range), range).toMatchObject({ status: 400, body: { code: 'piece-size' } })
  for (const range of ['bytes 5-1/9', 'bytes 0-9/5', '0-29999/30000', 'bytes */3'])
    expect(await send(range), range).toMatchObject({ status: 400, body: { code: 'content-range-invalid' } })
  expect(await send(`bytes 0-29999/${LIMIT + 1}`)).toMatchObject({ status: 413, body: { code: 'upload-too-large' } })
  expect(await send('bytes 0-29999/30000', 'other')).toMatchObject({ status: 400, body: { code: 'form-file-missing' } })
  const text = await answer(call(`/import/${COURSE}`, { method: 'POST', body: 'text' }))
  expect(text).toMatchObject({ status: 415, body: { code: 'form-expected' } })
})

test('an export: its numbers, its address, its file, and what is said once the file is gone', async () => {
  const status = async () => (await answer(call(`/export_status/${COURSE}`))).body
  expect(await status()).toEqual({ ExportStatus: 0 })
  expect((await call(`/export_output/${COURSE}`)).status).toBe(404)
  expect((await answer(call(`/export/${COURSE}`, { method: 'POST' }))).body).toEqual({ ExportStatus: 1 })
  const content = randomBytes(5_000)
  const numbers: unknown[] = []
  for (const name of ['snapshot', 'write', 'package']) {
    const claim = await step(name)
    numbers.push((await status()).ExportStatus)
    if (name === 'package') {
      const sink = await engine.work.openArtifact(claim, 'archive', { filename: 'course.tar.gz' })
      await sink.write(content)
      await sink.close()
    }
    await engine.work.complete(claim, {})
  }
  expect(numbers).toEqual([1, 1, 2])
  const done = await status()
  expect(done).toEqual({ ExportStatus: 3, ExportOutput: `/export_output/${COURSE}` })
  const file = await call(`${done.ExportOutput}`)
  expect(file.headers.get('content-disposition')).toContain('course.tar.gz')
  expect(Buffer.from(await file.arrayBuffer()).equals(content)).toBe(true)
  const part = await call(`${done.ExportOutput}`, { headers: { range: 'bytes=1000-1999' } })
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 1_000])
  const [task] = (await engine.listTasks({ definition: 'course.export' }, people.ada as Principal)).tasks
  await engine.deleteArtifact(task?.artifacts[0]?.id ?? '', { id: 'root', name: 'Root', staff: true })
  expect(await status()).toEqual({
    ExportStatus: -2,
    ExportError: { raw_error_msg: expect.stringContaining('Export the course again.'), edit_unit_url: null },
  })
})

test('an export that was canceled is told as a failure, with a text, so that the page stops asking', async () => {
  await call(`/export/${COURSE}`, { method: 'POST' })
  const [task] = (await engine.listTasks({ definition: 'course.export' }, people.ada as Principal)).tasks
  await engine.cancel(task?.id ?? '', people.ada as Principal)
  expect(await (await call(`/export_status/${COURSE}`)).json()).toMatchObject({
    ExportStatus: -1,
    ExportError: { raw_error_msg: 'Export a course: this was canceled.' },
  })
})

test('the REST interface takes a whole archive, and tells the state of its task', async () => {
  const form = new FormData()
  form.append('course_data', new Blob([randomBytes(2_000)]), 'script.tar.gz')
  const path = `/api/courses/v0/import/${COURSE}/`
  const { body } = await answer(call(path, { method: 'POST', body: form }))
  expect(body).toEqual({ task_id: expect.any(String), filename: 'script.tar.gz' })
  const state = () => call(`${path}?task_id=${body.task_id}&filename=script.tar.gz`).then((response) => response.json())
  expect(await state()).toEqual({ state: 'Pending' })
  const claim = await step('receive')
  expect(await state()).toEqual({ state: 'In Progress' })
  await engine.work.complete(claim, {})
  await engine.cancel(`${body.task_id}`, people.ada as Principal)
  expect(await state()).toEqual({ state: 'Canceled' })
  expect(await answer(call(`${path}?task_id=none`))).toMatchObject({
    status: 404,
    body: { error_code: 'task-unknown' },
  })
})

test('nobody passes who is unknown, not responsible, or a page of another site; the front end’s own may', async () => {
  const paths = ['import_status/KEY/a.tar.gz', 'export_status/KEY', 'export_output/KEY'].map((path) =>
    `/${path}`.replace('KEY', COURSE),
  )
  for (const path of paths) {
    expect(await answer(call(path, {}, 'nobody')), path).toMatchObject({ status: 401, allowed: APPS })
    expect(await answer(call(path, {}, 'eve')), path).toMatchObject({ status: 403, allowed: APPS })
    // Whether there is such a course is told to nobody who has no part in it.
    const other = path.replace(COURSE, 'course-v1:Org+Other+R')
    expect((await call(other)).status).toBe(403)
  }
  const refused = await answer(piece(randomBytes(10), 0, 10, 'a.tar.gz', 'eve'))
  expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  const export_ = (headers: Record<string, string>, user?: string) =>
    call(`/export/${COURSE}`, { method: 'POST', headers }, user)
  expect((await export_({}, 'eve')).status).toBe(403)
  expect(await (await export_({ origin: 'https://evil.example' })).json()).toMatchObject({ code: 'cross-site' })
  expect((await call('/import_status/no-key/a.tar.gz')).status).toBe(404)
  const preflight = await fetch(`${listening.url}/import/${COURSE}`, {
    method: 'OPTIONS',
    headers: {
      origin: APPS,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-range,use-jwt-cookie,x-csrftoken',
    },
  })
  expect(preflight.status).toBe(204)
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': APPS,
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': expect.stringContaining('content-range'),
  })
})
