import { expect, test, vi } from 'vitest'
import { openDatabase } from '../database/open.ts'
import { ada, onBothDatabases, staff } from '../test-support/databases.ts'
import { closeAllAfterEach, openTelling } from '../test-support/telling.ts'
import { until } from '../test-support/until.ts'
import { ChannelGone, type Message } from './types.ts'

vi.setConfig({ testTimeout: 120_000 })

closeAllAfterEach()

const reply = (title: string) => ({ to: ['ada'], kind: 'forum.reply', title })

onBothDatabases((kind) => {
  test('what fails is tried again under the same id; the log says why; staff have it tried at once', async () => {
    const told: Message[] = []
    let up = false
    const { engine } = await openTelling(kind, {
      platform: async (message) => {
        told.push(message)
        if (!up) throw new Error('not now')
      },
    })
    const { deliveries, inbox } = engine.notifications
    await inbox.send(reply('A reply'), staff)
    const [failed] = await until(async () => {
      const page = await deliveries.list({ state: 'waiting' }, staff)
      return (page.deliveries[0]?.attempts.length ?? 0) > 0 && page.deliveries
    }, 'the first attempt')
    expect(failed).toMatchObject({ channel: 'platform', kind: 'forum.reply', principal: 'ada' })
    // On a slow machine the next one may have come meanwhile.
    expect(failed?.tried).toBeGreaterThanOrEqual(1)
    expect(failed?.attempts[0]).toMatchObject({ attempt: 1, outcome: 'failed', detail: 'not now' })
    expect(failed?.dueAt?.getTime()).toBeGreaterThan(failed?.createdAt.getTime() ?? 0)
    up = true
    await deliveries.sendAgain(failed?.id ?? '', staff)
    await until(async () => (await deliveries.list({ state: 'sent' }, staff)).deliveries.length === 1, 'the delivery')
    const tries = told.length
    expect(tries).toBeGreaterThanOrEqual(2)
    // Once more, as the receiver has lost it.
    await deliveries.sendAgain(failed?.id ?? '', staff)
    await until(() => told.length > tries, 'another')
    expect(new Set(told.map(({ id }) => id)).size).toBe(1)
    await expect(deliveries.sendAgain(failed?.id ?? '', ada)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(deliveries.list({}, ada)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(deliveries.sendAgain('x', staff)).rejects.toMatchObject({ code: 'delivery-unknown' })
  })

  test('a channel whose other side wants no more is closed until somebody opens it', async () => {
    let gone = true
    const told: string[] = []
    const { engine } = await openTelling(kind, {
      platform: async ({ notifications }) => {
        if (gone) throw new ChannelGone('it answered 410')
        told.push(...notifications.map(({ title }) => title))
      },
      webhooks: [{ name: 'other', url: 'http://127.0.0.1:9/', secrets: [`whsec_${btoa('a secret of 24 bytes....')}`] }],
    })
    const { deliveries, inbox } = engine.notifications
    await inbox.send(reply('first'), staff)
    const closed = await until(async () => {
      const channel = (await deliveries.channels(staff)).find(({ name }) => name === 'platform')
      return channel?.closedAt && channel
    }, 'the closing')
    expect(closed).toMatchObject({ name: 'platform', reason: 'it answered 410' })
    await until(async () => (await deliveries.list({ state: 'failed' }, staff)).deliveries.length === 1, 'the log')
    await inbox.send(reply('while it is closed'), staff)
    gone = false
    await expect(deliveries.open('platform', ada)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(deliveries.open('pigeon', staff)).rejects.toMatchObject({ code: 'channel-unknown' })
    // That it was routed is seen by the other channel; for the closed one nothing was made.
    await until(
      async () => (await deliveries.list({ channel: 'webhook:other' }, staff)).deliveries.length === 2,
      'the routing',
    )
    expect((await deliveries.list({ channel: 'platform' }, staff)).deliveries).toHaveLength(1)
    await deliveries.open('platform', staff)
    await inbox.send(reply('after'), staff)
    await until(() => told.includes('after'), 'what comes after')
    expect(told).toEqual(['after'])
  })

  test('a daily message is one for all of a day, and no other day’s comes with it', async () => {
    const told: Message[] = []
    const { engine, database } = await openTelling(kind, { platform: async (message) => void told.push(message) })
    const { deliveries, inbox, preferences } = engine.notifications
    await preferences.change({ preferences: [{ kind: '*', channel: 'platform', cadence: 'daily' }] }, ada)
    for (const title of ['one', 'two', 'three']) await inbox.send(reply(title), staff)
    const waiting = await until(async () => {
      const page = await deliveries.list({ state: 'waiting' }, staff)
      return page.deliveries.length === 3 && page.deliveries
    }, 'the routing')
    const [first] = waiting
    expect(first?.dueAt?.getUTCHours()).toBe(7)
    expect(new Set(waiting.map(({ dueAt }) => dueAt?.getTime())).size).toBe(1)
    expect(told).toEqual([])
    if (database.kind === 'pglite') return
    // The day comes.
    const { db, close } = await openDatabase(database, () => undefined)
    await db
      .updateTable('deliveries')
      .set({ due_at: new Date(Date.now() - 60_000) })
      .execute()
    await close()
    await until(() => told.length > 0, 'the daily message')
    await until(
      async () => (await deliveries.list({ state: 'sent' }, staff)).deliveries.length === 3,
      'the record of it',
    )
    expect(told.map(({ notifications }) => notifications.map(({ title }) => title))).toEqual([['one', 'two', 'three']])
  })
})
