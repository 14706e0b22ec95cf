import { createParser } from 'eventsource-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FEEDS_PER_PRINCIPAL } from '../config.ts'
import { taskSchema } from '../openapi/schemas.ts'
import { bodyOf, finish, problemOf, type RealServer, realServer } from '../testing/real-server.ts'

let server: RealServer
beforeAll(async () => {
  server = await realServer({ heartbeat: 20 })
})
afterAll(() => server.stop())

interface Message {
  id: string | undefined
  event: string | undefined
  data: Record<string, unknown>
}

/** The messages of a response, one after the other; comments come as `event: comment`. */
async function* messagesOf(response: Response): AsyncGenerator<Message> {
  const arrived: Message[] = []
  const parser = createParser({
    onEvent: ({ id, event, data }) => arrived.push({ id, event, data: JSON.parse(data) }),
    onComment: (comment) => arrived.push({ id: undefined, event: 'comment', data: { comment } }),
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* arrived.splice(0)
  }
}

async function all(response: Response): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of messagesOf(response)) if (message.event !== 'comment') messages.push(message)
  return messages
}

test('tells what happened and what happens, until the task is over', async () => {
  const { id } = await server.start('test.echo', { text: 'feed' })
  const response = await server.request(`/api/v1/tasks/${id}/events`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('cache-control')).toContain('no-store')
  const claim = await server.claim(id)
  await server.engine.work.log(claim, 'Word one')
  await finish(server.engine, claim)
  const messages = await all(response)
  const transitions = messages.filter((message) => message.event === 'transition')
  expect(transitions.map((message) => message.id)).toEqual(transitions.map((_, index) => String(index + 1)))
  expect(transitions.at(-1)?.data).toMatchObject({ taskId: id, step: null, to: 'completed' })
  expect(messages.filter((message) => message.event === 'log').map((message) => message.data)).toMatchObject([
    { taskId: id, step: 'say', message: 'Word one' },
  ])
  expect(messages.findLast((message) => message.event === 'task')?.data).toMatchObject({ id, state: 'completed' })
  expect(messages.at(-1)).toMatchObject({ event: 'end', data: { id, state: 'completed' } })
})

test('goes on after the last event one has, without a gap', async () => {
  const { id } = await server.start('test.echo', { text: 'resume' })
  await finish(server.engine, await server.claim(id))
  const whole = (await all(await server.request(`/api/v1/tasks/${id}/events`))).filter(
    (one) => one.event === 'transition',
  )
  for (let last = 0; last <= whole.length; last++) {
    const rest = await all(
      await server.request(`/api/v1/tasks/${id}/events`, { headers: { 'last-event-id': String(last) } }),
    )
    expect(rest.filter((one) => one.event === 'transition')).toEqual(whole.slice(last))
    expect(rest.at(-1)?.event).toBe('end')
  }
})

test('says that it is there while nothing happens', async () => {
  const { id } = await server.start('test.echo', { text: 'quiet' })
  for await (const message of messagesOf(await server.request(`/api/v1/tasks/${id}/events`))) {
    if (message.event === 'comment') break
  }
  await finish(server.engine, await server.claim(id))
})

test('tells of all tasks one may see, and of no other', async () => {
  const stop = new AbortController()
  const bobs = await server.request('/api/v1/events', { as: 'bob', signal: stop.signal })
  const adas = messagesOf(await server.request('/api/v1/events', { signal: stop.signal }))
  // The first heartbeat shows that the feed is open: what comes after it is seen.
  while ((await adas.next()).value?.event !== 'comment');
  const { id } = await server.start('test.echo', { text: 'all' })
  await finish(server.engine, await server.claim(id))
  for await (const message of adas) {
    if (message.event === 'task' && message.data.id === id && message.data.state === 'completed') break
  }
  const other = await server.request('/api/v1/tasks', {
    as: 'bob',
    json: { definition: 'test.echo', input: { text: 'b' } },
  })
  const { id: bobsId } = await bodyOf(other, taskSchema)
  await finish(server.engine, await server.claim(bobsId))
  for await (const { event, data } of messagesOf(bobs)) {
    if (event === 'comment' || event === 'inbox') continue
    expect(data.taskId ?? data.id).toBe(bobsId)
    if (event === 'task' && data.state === 'completed') break
  }
  stop.abort()
})

test('a client that goes leaves nothing behind', async () => {
  const { id } = await server.start('test.echo', { text: 'leave' })
  const before = server.logged.length
  const stop = new AbortController()
  const opened = await Promise.all(
    Array.from({ length: 20 }, () => server.request(`/api/v1/tasks/${id}/events`, { signal: stop.signal })),
  )
  expect(opened.every((response) => response.ok)).toBe(true)
  stop.abort()
  const gone = () =>
    server.logged.slice(before).filter((line) => line.aborted === true && String(line.path).endsWith('/events'))
  while (gone().length < 20) await server.request('/healthz')
  await finish(server.engine, await server.claim(id))
})

test('one person cannot open feeds without end, and another one is not kept out', async () => {
  const stop = new AbortController()
  const open = (as: 'ada' | 'bob') => server.request('/api/v1/events', { as, signal: stop.signal })
  const opened = await Promise.all(Array.from({ length: FEEDS_PER_PRINCIPAL }, () => open('ada')))
  expect(opened.every((response) => response.ok)).toBe(true)
  const refused = await open('ada')
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: 'too-many-feeds' })
  expect((await open('bob')).status).toBe(200)
  await opened[0]?.body?.cancel()
  let again = await open('ada')
  while (again.status === 429) again = await open('ada')
  expect(again.status).toBe(200)
  stop.abort()
})

test('HEAD opens no feed', async () => {
  const { id } = await server.start('test.echo', { text: 'head' })
  for (const path of [`/api/v1/tasks/${id}/events`, '/api/v1/events']) {
    const response = await server.request(path, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  }
  await finish(server.engine, await server.claim(id))
})

test('refuses an id that is none, and who is not known', async () => {
  const { id } = await server.start('test.echo', { text: 'bad' })
  const bad = await server.request(`/api/v1/tasks/${id}/events`, { headers: { 'last-event-id': 'x' } })
  expect(await bad.json()).toMatchObject({ status: 400, code: 'last-event-id-invalid' })
  expect((await server.request(`/api/v1/tasks/${id}/events`, { as: 'nobody' })).status).toBe(401)
  expect((await server.request('/api/v1/events', { as: 'nobody' })).status).toBe(401)
  await finish(server.engine, await server.claim(id))
})
