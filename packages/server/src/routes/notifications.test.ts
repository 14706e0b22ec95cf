import { randomUUID } from 'node:crypto'
import { createParser } from 'eventsource-parser'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { z } from 'zod'
import { notificationSchema, preferencesSchema } from '../openapi/schemas.ts'
import { bodyOf, problemOf, type RealServer, realServer, type TestRequest } from '../testing/real-server.ts'

vi.setConfig({ testTimeout: 120_000 })

let server: RealServer
beforeAll(async () => {
  server = await realServer({}, { notifications: { platform: async () => undefined } })
}, 120_000)
afterAll(() => server.stop())

interface Page {
  notifications: z.output<typeof notificationSchema>[]
  nextPageToken: string | null
  unread: number
}
const inboxOf = async (as: 'ada' | 'bob', query = '') =>
  (await (await server.request(`/api/v1/notifications${query}`, { as })).json()) as Page
const send = (to: string[], more: Record<string, unknown> = {}, as: TestRequest['as'] = 'root') =>
  server.request('/api/v1/notifications', {
    as,
    json: { to, kind: 'forum.reply', title: 'A reply', ...more },
  })
const read = (ids: string[] | 'all', as: TestRequest['as'] = 'ada') =>
  server.request('/api/v1/notifications/read', { as, json: { ids } })

/** What the feed says of the inbox. */
async function* unreadOf(as: 'ada' | 'bob', signal: AbortSignal): AsyncGenerator<number> {
  const response = await server.request('/api/v1/events', { as, signal })
  const arrived: number[] = []
  const parser = createParser({
    onEvent: ({ event, data }) => void (event === 'inbox' && arrived.push(JSON.parse(data).unread)),
  })
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* arrived.splice(0)
  }
}

test('the end of a task is in the inbox of its owner: read one by one or all, seen live', async () => {
  const stop = new AbortController()
  const unread = unreadOf('ada', stop.signal)
  expect((await unread.next()).value).toBe(0)
  const { id } = await server.start('test.echo', { text: 'fail' })
  const failure = { code: 'no', title: 'It did not work', detail: '', hint: 'Try again', retryable: false }
  await server.engine.work.fail(await server.claim(id), { ...failure, reference: 'r' })
  expect((await unread.next()).value).toBe(1)
  const page = await inboxOf('ada')
  expect(page).toMatchObject({
    unread: 1,
    nextPageToken: null,
    notifications: [{ kind: 'task.failed', title: 'Echo has failed', taskId: id, link: `/tasks/${id}`, readAt: null }],
  })
  const [entry] = page.notifications
  expect(notificationSchema.parse(entry).body).toContain('It did not work')
  expect((await send(['ada'])).status).toBe(202)
  expect((await unread.next()).value).toBe(2)
  // Nobody else sees it or marks it.
  expect((await inboxOf('bob')).notifications).toEqual([])
  expect(await (await read([entry?.id ?? ''], 'bob')).json()).toEqual({ unread: 0 })
  expect(await (await read([entry?.id ?? ''])).json()).toEqual({ unread: 1 })
  expect((await unread.next()).value).toBe(1)
  expect((await inboxOf('ada', '?unread=true')).notifications).toMatchObject([{ kind: 'forum.reply' }])
  expect(await (await read('all')).json()).toEqual({ unread: 0 })
  expect((await unread.next()).value).toBe(0)
  stop.abort()
})

test('pages go back in time, and a token that is none is refused', async () => {
  for (let n = 0; n < 5; n++) await send(['bob'], { title: `Reply ${n}` })
  const titles: string[] = []
  let query = '?limit=2'
  for (;;) {
    const { nextPageToken, notifications } = await inboxOf('bob', query)
    titles.push(...notifications.map(({ title }) => title))
    if (nextPageToken === null) break
    query = `?limit=2&page_token=${nextPageToken}`
  }
  expect(titles).toEqual(['Reply 4', 'Reply 3', 'Reply 2', 'Reply 1', 'Reply 0'])
  const bad = await server.request('/api/v1/notifications?page_token=x')
  expect(await problemOf(bad)).toMatchObject({ status: 400, code: 'page-token-invalid' })
})

test('only staff send, each event once, and only what is no attack', async () => {
  const event = randomUUID()
  expect(await (await send(['ada', 'bob', 'ada'], { event })).json()).toEqual({ told: 2 })
  expect(await (await send(['ada', 'bob'], { event })).json()).toEqual({ told: 0 })
  expect(await problemOf(await send(['bob'], {}, 'ada'))).toMatchObject({ status: 403, code: 'forbidden' })
  for (const link of ['javascript:alert(1)', '//evil.example', '/\\evil.example', 'data:text/html,x', ' https://x']) {
    expect([link, (await send(['ada'], { link })).status]).toEqual([link, 400])
  }
  // Nobody passes off their own as what Errand says of a task.
  expect((await send(['ada'], { kind: 'task.failed' })).status).toBe(400)
  expect((await send(['ada'], { title: ' ' })).status).toBe(400)
  expect((await send([])).status).toBe(400)
})

test('a token that only reads changes nothing', async () => {
  const make = { name: 'reader', grants: ['read'], days: 1 }
  const { secret } = (await (await server.request('/api/v1/tokens', { json: make })).json()) as { secret: string }
  const who = await server.engine.people.tokens.find(secret)
  if (who === undefined) throw new Error('The token is not known.')
  const { inbox, preferences } = server.engine.notifications
  expect((await inbox.list(who)).notifications.length).toBeGreaterThan(0)
  await expect(inbox.read('all', who)).rejects.toMatchObject({ code: 'forbidden' })
  await expect(preferences.change({ locale: 'de' }, who)).rejects.toMatchObject({ code: 'forbidden' })
})

test('preferences: what is named changes, the rest stays', async () => {
  const change = (json: Record<string, unknown>) =>
    server.request('/api/v1/preferences', { method: 'PATCH', as: 'bob', json })
  const before = await bodyOf(await server.request('/api/v1/preferences', { as: 'bob' }), preferencesSchema)
  expect(before).toMatchObject({
    channels: [{ name: 'platform', cadence: 'now', reachable: true }],
    preferences: [],
    email: null,
    locale: null,
    timeZone: null,
  })
  expect(before.kinds).toEqual(expect.arrayContaining(['task.completed', 'task.failed', 'forum.reply']))
  const daily = { kind: 'forum.reply', channel: 'platform', cadence: 'daily' }
  const never = { kind: '*', channel: 'platform', cadence: 'never' }
  await change({ preferences: [daily, never], timeZone: 'Europe/Madrid', locale: 'es' })
  const after = await bodyOf(
    await change({ preferences: [{ ...never, cadence: null }], locale: null }),
    preferencesSchema,
  )
  expect(after).toMatchObject({ preferences: [daily], timeZone: 'Europe/Madrid', locale: null })
  expect((await change({ timeZone: 'Middle/Earth' })).status).toBe(400)
  expect((await change({ locale: 'not a language' })).status).toBe(400)
  expect((await change({ preferences: [{ ...daily, cadence: 'hourly' }] })).status).toBe(400)
  const unknown = await change({ preferences: [{ ...daily, channel: 'pigeon' }] })
  expect(await problemOf(unknown)).toMatchObject({ status: 400, code: 'channel-unknown' })
})
