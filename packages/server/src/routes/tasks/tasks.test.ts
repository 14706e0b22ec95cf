import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { logLineSchema, taskPageSchema, taskSchema, transitionSchema } from '../../openapi/schemas.ts'
import { ada, bodyOf, finish, problemOf, type RealServer, realServer } from '../../testing/real-server.ts'

const transitionsSchema = z.object({ transitions: z.array(transitionSchema) })
const linesSchema = z.object({ lines: z.array(logLineSchema) })

let server: RealServer
beforeAll(async () => {
  server = await realServer()
})
afterAll(() => server.stop())

const UNKNOWN = '01890000-0000-7000-8000-000000000000'
const submit = (json: unknown, headers: Record<string, string> = {}, as: 'ada' | 'bob' = 'ada') =>
  server.request('/api/v1/tasks', { json, headers, as })

describe('POST /tasks', () => {
  test('records the task and says where it is', async () => {
    const response = await submit({ definition: 'test.echo', input: { text: 'hello' } }, { 'errand-client': 'cli' })
    expect(response.status).toBe(202)
    const task = await bodyOf(response, taskSchema)
    expect(response.headers.get('location')).toBe(`/api/v1/tasks/${task.id}`)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(task).toMatchObject({
      definition: 'test.echo',
      version: 1,
      title: 'Echo',
      state: 'pending',
      owner: { id: 'ada', name: 'Ada' },
      scope: 'text:hello',
      input: { text: 'hello', times: 1 },
      origin: { by: 'cli' },
      steps: [{ name: 'say', title: 'Say it', attempt: expect.any(Number) }],
      artifacts: [],
      failure: null,
      finishedAt: null,
    })
    expect(new Date(task.createdAt).toISOString()).toBe(task.createdAt)
  })

  test('waits for the end when asked to', async () => {
    const response = submit({ definition: 'test.echo', input: { text: 'quick' } }, { prefer: 'wait=10' })
    await finish(server.engine, await server.claimOf('text:quick'))
    const answered = await response
    expect(answered.status).toBe(200)
    expect(answered.headers.get('preference-applied')).toBe('wait=10')
    expect(await answered.json()).toMatchObject({ state: 'completed', sequence: expect.any(Number) })
  })

  test('does not wait longer than asked to', async () => {
    const answered = await submit({ definition: 'test.echo', input: { text: 'slow' } }, { prefer: 'wait=1' })
    expect(answered.status).toBe(202)
    expect(answered.headers.get('preference-applied')).toBe('wait=1')
    expect(answered.headers.get('retry-after')).not.toBeNull()
  })

  test('one key is one task', async () => {
    const ask = () => submit({ definition: 'test.echo', input: { text: 'once' } }, { 'idempotency-key': 'k1' })
    const [first, second] = [await ask(), await ask()]
    expect([first.status, second.status]).toEqual([202, 200])
    expect((await bodyOf(second, taskSchema)).id).toBe((await bodyOf(first, taskSchema)).id)
  })

  test('a second one where there may be one only is told which is running', async () => {
    const first = await bodyOf(await submit({ definition: 'test.single', input: { course: 'a' } }), taskSchema)
    const second = await submit({ definition: 'test.single', input: { course: 'a' } })
    expect(second.status).toBe(409)
    expect(second.headers.get('content-type')).toBe('application/problem+json')
    const problem = await problemOf(second)
    expect(problem).toMatchObject({ type: 'urn:errand:problem:task-running', code: 'task-running', status: 409 })
    expect(problem.task).toBe(first.id)
  })

  test('or joins it', async () => {
    const first = await bodyOf(await submit({ definition: 'test.joint', input: { course: 'a' } }), taskSchema)
    const second = await submit({ definition: 'test.joint', input: { course: 'a' } })
    expect(second.status).toBe(200)
    expect(second.headers.get('location')).toBe(`/api/v1/tasks/${first.id}`)
  })

  test.each([
    ['an unknown definition', { definition: 'no.such', input: {} }, 404, 'definition-unknown'],
    ['an input that does not fit', { definition: 'test.echo', input: { text: 1 } }, 422, 'input-invalid'],
    ['an unknown input field', { definition: 'test.echo', input: { text: 'a', txt: 1 } }, 422, 'input-invalid'],
    ['a missing upload', { definition: 'test.reader', input: {} }, 422, 'upload-missing'],
    [
      'an unknown upload',
      { definition: 'test.reader', input: {}, uploads: { archive: UNKNOWN } },
      422,
      'upload-unknown',
    ],
    ['a body of the wrong shape', { definition: 3, more: 1 }, 400, 'request-invalid'],
    ['a body that is no object', [], 400, 'request-invalid'],
  ])('refuses %s', async (_what, json, status, code) => {
    const response = await submit(json)
    expect(await response.json()).toMatchObject({ status, code, type: `urn:errand:problem:${code}` })
    expect(response.status).toBe(status)
  })

  test('names each field that is wrong', async () => {
    const problem = await problemOf(await submit({ input: 3, uploads: { archive: 4 }, verson: 1 }))
    expect(problem.errors).toEqual([
      { in: 'body', field: 'definition', pointer: '/definition', detail: 'It is missing' },
      { in: 'body', field: 'input', pointer: '/input', detail: expect.any(String) },
      { in: 'body', field: 'uploads.archive', pointer: '/uploads/archive', detail: expect.any(String) },
      { in: 'body', field: 'verson', pointer: '/verson', detail: 'There is no such field' },
    ])
  })

  test('refuses what is not JSON, or too much of it', async () => {
    const post = (body: string, type?: string) =>
      server.request('/api/v1/tasks', { method: 'POST', body, headers: type ? { 'content-type': type } : {} })
    expect(await (await post('{"definition"', 'application/json')).json()).toMatchObject({
      status: 400,
      code: 'json-malformed',
    })
    expect(await (await post('{}', 'text/plain')).json()).toMatchObject({ status: 415, code: 'media-type-unsupported' })
    const large = await post(JSON.stringify({ definition: 'x'.repeat(2 ** 20) }), 'application/json')
    expect(await large.json()).toMatchObject({ status: 413, code: 'request-too-large', limit: 2 ** 20 })
    const stream = (times: number) =>
      server.request('/api/v1/tasks', {
        method: 'POST',
        body: ReadableStream.from(Array.from({ length: times }, () => Buffer.from(' '.repeat(10_000)))),
        duplex: 'half',
        headers: { 'content-type': 'application/json' },
      })
    expect(await (await stream(200)).json()).toMatchObject({ status: 413, code: 'request-too-large' })
    expect(await (await stream(2)).json()).toMatchObject({ status: 400, code: 'json-malformed' })
  })
})

describe('GET /tasks/{id}', () => {
  test('shows the task, and 304 to who has it as it is', async () => {
    const { id } = await server.start('test.echo', { text: 'etag' })
    const first = await server.request(`/api/v1/tasks/${id}`)
    const tag = first.headers.get('etag') ?? ''
    expect(first.status).toBe(200)
    expect(tag).toMatch(/^"\d+-[\w-]+"$/)
    const again = () => server.request(`/api/v1/tasks/${id}`, { headers: { 'if-none-match': tag } })
    const same = await again()
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', tag])
    const claim = await server.claim(id)
    await server.engine.work.progress(claim, { done: 3, total: 10, message: 'word three' })
    for await (const event of server.engine.watchTask(id, ada)) {
      if (event.type === 'task' && event.task.steps[0]?.progress?.done === 3) break
    }
    const changed = await again()
    expect(changed.status).toBe(200)
    expect((await bodyOf(changed, taskSchema)).steps[0]).toMatchObject({
      state: 'running',
      progress: { done: 3, total: 10, unit: 'words', message: 'word three' },
    })
    await finish(server.engine, claim)
  })

  test('what one may not see is as unknown as what is not there', async () => {
    const { id } = await server.start('test.echo', { text: 'mine' })
    const problems = await Promise.all(
      [id, UNKNOWN, 'not-an-id', '%00', 'x'.repeat(150)].map(async (one) => {
        const response = await server.request(`/api/v1/tasks/${one}`, { as: 'bob' })
        const { detail: _names, task: _asked, ...problem } = await problemOf(response)
        return { ...problem, http: response.status }
      }),
    )
    for (const problem of problems) expect(problem).toEqual(problems[0])
    expect(problems[0]).toMatchObject({ http: 404, code: 'task-unknown' })
    for (const path of ['/transitions', '/logs', '/events']) {
      expect((await server.request(`/api/v1/tasks/${id}${path}`, { as: 'bob' })).status).toBe(404)
    }
    for (const path of ['/cancel', '/retry']) {
      expect((await server.request(`/api/v1/tasks/${id}${path}`, { as: 'bob', method: 'POST' })).status).toBe(404)
    }
    expect((await server.request(`/api/v1/tasks/${id}`, { as: 'root' })).status).toBe(200)
  })

  test('a failure is shown with what one can do, and without a stack', async () => {
    const { id } = await server.start('test.echo', { text: 'fails' })
    await server.engine.work.fail(await server.claim(id), {
      code: 'text-unsayable',
      title: 'It cannot be said',
      detail: 'Word 3 has no vowels.',
      hint: 'Add one.',
      retryable: false,
      reference: 'ref-1',
      stack: 'Error: secret\n    at /home/secret',
    })
    const text = await (await server.request(`/api/v1/tasks/${id}`)).text()
    expect(text).not.toContain('secret')
    expect(JSON.parse(text)).toMatchObject({ state: 'failed', failure: { code: 'text-unsayable', hint: 'Add one.' } })
  })
})

describe('GET /tasks', () => {
  test('lists by state, definition, scope, owner and words, page by page', async () => {
    const ids: string[] = []
    for (const text of ['p1', 'p2', 'p3']) {
      const { id } = await server.start('test.echo', { text })
      ids.push(id)
      await finish(server.engine, await server.claim(id))
    }
    const list = async (query: string, as: 'ada' | 'bob' | 'root' = 'ada') => {
      const response = await server.request(`/api/v1/tasks?${query}`, { as })
      expect(response.status).toBe(200)
      const page = await bodyOf(response, taskPageSchema)
      return { ids: page.tasks.map((task) => task.id), next: page.nextPageToken, tasks: page.tasks }
    }
    const first = await list('definition=test.echo&state=completed&limit=2&q=text:p')
    expect(first.ids).toEqual([ids[2], ids[1]])
    const second = await list(
      `definition=test.echo&state=completed&limit=2&q=text:p&page_token=${encodeURIComponent(String(first.next))}`,
    )
    expect(second.ids[0]).toBe(ids[0])
    expect((await list('scope=text:p2')).ids).toEqual([ids[1]])
    expect((await list('q=text:p3')).ids).toEqual([ids[2]])
    expect((await list('owner=me&scope=text:p1')).ids).toEqual([ids[0]])
    expect((await list('state=failed,canceled&scope=text:p1')).ids).toEqual([])
    expect((await list('state=failed&state=completed&scope=text:p1')).ids).toEqual([ids[0]])
    expect((await list('scope=text:p1', 'bob')).ids).toEqual([])
    expect((await list('scope=text:p1', 'root')).ids).toEqual([ids[0]])
    expect((await list('definition=no.such')).next).toBeNull()
    expect(first.tasks[0]).not.toHaveProperty('input')
  })

  test.each([
    ['state=done', 'state'],
    ['limit=0', 'limit'],
    ['limit=many', 'limit'],
    ['limit=201', 'limit'],
  ])('refuses ?%s', async (query, field) => {
    const response = await server.request(`/api/v1/tasks?${query}`)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toMatchObject([{ in: 'query', field }])
  })

  test('refuses a page token that is none', async () => {
    const response = await server.request('/api/v1/tasks?page_token=%7Bx')
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })
})

describe('cancel, retry, history', () => {
  test('a task that has not begun is canceled at once, and cancel again is no error', async () => {
    const { id } = await server.start('test.echo', { text: 'cancel' })
    const canceled = await server.request(`/api/v1/tasks/${id}/cancel`, { method: 'POST' })
    expect(canceled.status).toBe(200)
    expect(await canceled.json()).toMatchObject({ id, state: 'canceled' })
    expect((await server.request(`/api/v1/tasks/${id}/cancel`, { method: 'POST' })).status).toBe(200)
  })

  test('one that runs is ending first', async () => {
    const { id } = await server.start('test.echo', { text: 'cancel running' })
    const claim = await server.claim(id)
    const canceled = await server.request(`/api/v1/tasks/${id}/cancel`, { method: 'POST' })
    expect(canceled.status).toBe(202)
    expect(await canceled.json()).toMatchObject({ state: 'canceling' })
    await server.engine.work.canceled(claim)
    expect(await (await server.request(`/api/v1/tasks/${id}`)).json()).toMatchObject({ state: 'canceled' })
  })

  test('run again is a new task, linked to the old one', async () => {
    const { id } = await server.start('test.echo', { text: 'again' })
    await finish(server.engine, await server.claim(id))
    const response = await server.request(`/api/v1/tasks/${id}/retry`, { method: 'POST' })
    expect(response.status).toBe(202)
    const task = await bodyOf(response, taskSchema)
    expect(task).toMatchObject({ origin: { by: 'retry', of: id }, input: { text: 'again' }, state: 'pending' })
    expect(task.id).not.toBe(id)
    expect(response.headers.get('location')).toBe(`/api/v1/tasks/${task.id}`)
  })

  test('says what has happened, in order and without gaps, and what was logged', async () => {
    const { id } = await server.start('test.echo', { text: 'history' })
    const claim = await server.claim(id)
    await server.engine.work.log(claim, 'Word one')
    await server.engine.work.log(claim, 'Word two')
    await finish(server.engine, claim)
    const path = `/api/v1/tasks/${id}`
    const { transitions } = await bodyOf(await server.request(`${path}/transitions`), transitionsSchema)
    expect(transitions.map((one) => one.sequence)).toEqual(transitions.map((_, index) => index + 1))
    expect(transitions.at(-1)).toMatchObject({ taskId: id, step: null, to: 'completed' })
    const rest = await bodyOf(await server.request(`${path}/transitions?after=2`), transitionsSchema)
    expect(rest.transitions).toEqual(transitions.slice(2))
    const { lines } = await bodyOf(await server.request(`${path}/logs`), linesSchema)
    expect(lines.map((line) => line.message)).toEqual(['Word one', 'Word two'])
    const later = await bodyOf(await server.request(`${path}/logs?after=${lines[0]?.id}`), linesSchema)
    expect(later.lines).toEqual(lines.slice(1))
    expect((await server.request(`${path}/transitions?after=-1`)).status).toBe(400)
  })
})
