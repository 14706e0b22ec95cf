import { defineTask } from '@errand/task'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { firstOf, personalTokens } from '../http/authenticators.ts'
import { tokenAuthenticator } from '../http/token-authenticator.ts'
import {
  ada,
  type ListeningServer,
  listenOver,
  problemOf,
  type RealServer,
  realServer,
  root,
  worker,
} from '../testing/real-server.ts'

vi.setConfig({ testTimeout: 120_000 })

const restricted = defineTask({
  name: 'people.restricted',
  version: 1,
  title: 'For the team',
  input: z.object({ course: z.string() }),
  scope: ({ course }) => `course:${course}`,
  access: { start: 'team' },
  artifacts: { out: {} },
})
  .step('first', {}, () => null)
  .step('second', { after: ['first'] }, () => null)

const limited = defineTask({
  name: 'people.limited',
  version: 1,
  title: 'Twice a day',
  input: z.object({ n: z.number() }),
  limits: { owner: { perDay: 2 }, scope: { open: 3 } },
}).step('work', {}, () => null)

let server: RealServer
let http: ListeningServer
beforeAll(async () => {
  server = await realServer()
  const { engine } = server
  await engine.work.register(worker, [restricted.shape, limited.shape])
  const people = Object.entries({ ada, root }).map(([token, principal]) => ({ token, principal }))
  http = await listenOver(engine, { authenticate: firstOf(tokenAuthenticator(people), personalTokens(engine)) })
}, 120_000)
afterAll(async () => {
  await http.listening.close(0)
  await server.stop()
})

const ask = (
  path: string,
  token: string,
  init: { method?: string; json?: unknown; headers?: Record<string, string> } = {},
) =>
  http.request(`/api/v1${path}`, {
    ...init,
    as: 'nobody',
    headers: { ...init.headers, authorization: `Bearer ${token}` },
  })
interface Made {
  id: string
  secret: string
}

test('a token does what it was made for, is shown once, and ends at once when it is revoked', async () => {
  const response = await ask('/tokens', 'ada', { json: { name: 'nightly', grants: ['read'], days: 1 } })
  expect(response.status).toBe(201)
  const { id, secret } = (await response.json()) as Made
  expect(secret).toMatch(/^errand_pat_[\w-]{43}$/)
  expect(await (await ask('/me', secret)).json()).toMatchObject({ id: 'ada', may: { read: true, write: false } })
  expect((await ask('/tasks', secret)).status).toBe(200)
  const start = { json: { definition: 'people.limited', input: { n: 0 } } }
  expect(await problemOf(await ask('/tasks', secret, start))).toMatchObject({ status: 403, code: 'start-forbidden' })
  const stronger = await ask('/tokens', secret, { json: { name: 'stronger', grants: ['write'], days: 1 } })
  expect(await problemOf(stronger)).toMatchObject({ status: 403, code: 'token-too-strong' })
  const listed = await (await ask('/tokens', 'ada')).text()
  expect(listed).toContain('nightly')
  expect(listed).not.toContain(secret)
  // In the address it is nobody's.
  expect((await http.request(`/api/v1/me?token=${secret}&access_token=${secret}`, { as: 'nobody' })).status).toBe(401)
  expect((await ask(`/tokens/${id}`, 'root', { method: 'DELETE' })).status).toBe(404)
  expect((await ask(`/tokens/${id}`, 'ada', { method: 'DELETE' })).status).toBe(204)
  expect((await ask('/me', secret)).status).toBe(401)
  expect(JSON.stringify(http.logged)).not.toContain(secret)
})

test('a token that has expired does not hold', async () => {
  const made = await ask('/tokens', 'ada', { json: { name: 'short', days: 0.000_001 } })
  const { secret } = (await made.json()) as Made
  await vi.waitFor(async () => expect((await ask('/me', secret)).status).toBe(401), { timeout: 60_000, interval: 50 })
})

test('an administrator token without that grant does not administer', async () => {
  const made = await ask('/tokens', 'root', { json: { name: 'ci', grants: ['read', 'write'] } })
  const { secret } = (await made.json()) as Made
  expect((await ask('/status', secret)).status).toBe(403)
  expect((await ask('/memberships', secret)).status).toBe(403)
  expect((await ask('/memberships', 'ada')).status).toBe(403)
})

test('a membership taken away while a task runs stops its next step and its download', async () => {
  const { engine } = server
  const membership = { principal: 'ada', scope: 'course:c1', role: 'team' }
  expect((await ask('/memberships', 'root', { method: 'PUT', json: membership })).status).toBe(204)
  const submit = (course: string) =>
    ask('/tasks', 'ada', { json: { definition: 'people.restricted', input: { course } } })
  expect((await submit('c2')).status).toBe(403)
  const { id } = (await (await submit('c1')).json()) as { id: string }
  const first = await server.claim(id)
  const sink = await engine.work.openArtifact(first, 'out', { filename: 'out.txt' })
  await sink.write(Buffer.from('hers while she is of the team'))
  await sink.close()
  await engine.work.complete(first, null)
  const [output] = (await engine.getTask(id, ada)).artifacts
  const download = () => ask(`/artifacts/${output?.id}/content`, 'ada')
  expect((await download()).status).toBe(200)
  expect((await ask('/memberships?principal=ada&scope=course:c1', 'root', { method: 'DELETE' })).status).toBe(204)
  await vi.waitFor(
    async () => {
      await engine.work.claim(worker.id, 10)
      const task = await engine.getTask(id, root)
      expect(task).toMatchObject({ state: 'failed', failure: { code: 'access-withdrawn', step: 'second' } })
    },
    { timeout: 60_000, interval: 200 },
  )
  expect((await download()).status).toBe(404)
  // She is told how it ended, and may not run it again.
  expect((await ask(`/tasks/${id}`, 'ada')).status).toBe(200)
  expect((await ask(`/tasks/${id}/retry`, 'ada', { method: 'POST' })).status).toBe(403)
})

test('limits: the one that is used up is named, with when it frees, before the click as well', async () => {
  const submit = (n: number) => ask('/tasks', 'ada', { json: { definition: 'people.limited', input: { n } } })
  const [a, b, c] = await Promise.all([submit(1), submit(2), submit(3)])
  expect([a?.status, b?.status, c?.status].sort()).toEqual([202, 202, 429])
  const problem = await problemOf(await submit(4))
  expect(problem).toMatchObject({ code: 'limit-reached', limit: { by: 'owner', kind: 'perDay', most: 2, used: 2 } })
  const { freesAt } = problem.limit as { freesAt: string }
  const hours = (Date.parse(freesAt) - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(23)
  expect(hours).toBeLessThan(24.1)
  expect(await (await ask('/definitions/people.limited/allowance', 'ada')).json()).toMatchObject({
    mayStart: true,
    refusal: expect.stringContaining(freesAt),
    limits: [
      { by: 'owner', used: 2, freesAt },
      { by: 'scope', used: 2, most: 3, freesAt: null },
    ],
  })
})

test('staff who act for somebody have their rights, and are recorded as both', async () => {
  const acting = { 'errand-acting-for': 'ada' }
  expect(await (await ask('/me', 'root', { headers: acting })).json()).toMatchObject({
    id: 'ada',
    staff: false,
    actor: { id: 'root', name: 'Root' },
  })
  expect((await ask('/me', 'ada', { headers: { 'errand-acting-for': 'root' } })).status).toBe(403)
  expect((await ask('/status', 'root', { headers: acting })).status).toBe(403)
  expect((await ask('/tokens', 'root', { headers: acting, json: { name: 'no' } })).status).toBe(403)
  await server.engine.people.record.grant('ada', { scope: 'course:c3', role: 'team' }, root)
  const started = await ask('/tasks', 'root', {
    headers: acting,
    json: { definition: 'people.restricted', input: { course: 'c3' } },
  })
  const { id, owner } = (await started.json()) as { id: string; owner: { id: string } }
  expect(owner.id).toBe('ada')
  await ask(`/tasks/${id}/cancel`, 'root', { method: 'POST', headers: acting })
  const actors = (await server.engine.transitions(id, root))
    .filter(({ step }) => step === null)
    .map(({ actor }) => actor)
  expect(new Set(actors)).toEqual(new Set(['root for ada']))
})

test('ids are not to be guessed: what is not mine, and what is none, answer alike', async () => {
  const { task } = await server.engine.submit({ definition: 'people.restricted', input: { course: 'c4' } }, root)
  const status = async (id: string) => problemOf(await ask(`/tasks/${id}`, 'ada'))
  const [mine, none] = [await status(task.id), await status('018f0000-0000-7000-8000-000000000000')]
  expect({ ...mine, detail: '', task: '' }).toEqual({ ...none, detail: '', task: '' })
})
