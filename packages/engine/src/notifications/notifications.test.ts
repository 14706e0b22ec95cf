import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { ada, bob, onBothDatabases, staff } from '../test-support/databases.ts'
import { type MailSink, openMailSink } from '../test-support/mail-sink.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { closeAllAfterEach, closeLater, openTelling } from '../test-support/telling.ts'
import { until } from '../test-support/until.ts'
import type { Engine, Principal } from '../types.ts'
import type { Cadence, Message, NotificationConfig } from './types.ts'

vi.setConfig({ testTimeout: 120_000 })

const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }
const shape = shapeOf([stepOf('work')], { title: 'Export <script>alert(1)</script>\r\nBcc: all@example.org' })

closeAllAfterEach()

async function engineWith(kind: 'pglite' | 'postgres', notifications: NotificationConfig = {}): Promise<Engine> {
  const { engine } = await openTelling(kind, notifications)
  await engine.work.register(worker, [shape])
  return engine
}

async function mailSink(): Promise<MailSink> {
  const sink = await openMailSink()
  closeLater(() => sink.close())
  return sink
}

/** Starts a task and ends it. */
async function run(engine: Engine, who: Principal, failure?: string): Promise<string> {
  const { task } = await engine.submit({ definition: shape.name, input: {} }, who)
  const claim = await until(
    async () => (await engine.work.claim(worker.id, 10)).find(({ taskId }) => taskId === task.id),
    'the claim',
  )
  if (failure === undefined) await engine.work.complete(claim, null)
  else {
    const title = failure
    await engine.work.fail(claim, { code: 'no', title, detail: '', retryable: false, reference: 'r' })
  }
  return task.id
}

const inboxOf = async (engine: Engine, who: Principal) => (await engine.notifications.inbox.list(who)).notifications
const adaByMail = { ...ada, name: 'Ada "A", <evil@example.org>\r\nBcc: x@example.org', email: 'ada@example.org' }

onBothDatabases((kind) => {
  test('the end of a task is in the inbox of its owner, once, and in nobody else’s', async () => {
    const engine = await engineWith(kind)
    const done = await run(engine, ada)
    const failed = await run(engine, ada, 'It did not work')
    const inbox = await inboxOf(engine, ada)
    expect(inbox.map(({ kind, taskId }) => [kind, taskId])).toEqual([
      ['task.failed', failed],
      ['task.completed', done],
    ])
    expect(inbox[0]).toMatchObject({ body: expect.stringContaining('It did not work'), link: `/tasks/${failed}` })
    expect(await inboxOf(engine, bob)).toEqual([])
    expect(await engine.notifications.inbox.unread(ada)).toBe(2)
    // Somebody else's ids change nothing.
    expect(
      await engine.notifications.inbox.read(
        inbox.map(({ id }) => id),
        bob,
      ),
    ).toBe(0)
    expect(await engine.notifications.inbox.unread(ada)).toBe(2)
    expect(await engine.notifications.inbox.read([inbox[0]?.id ?? '', 'no id'], ada)).toBe(1)
    expect(await engine.notifications.inbox.read('all', ada)).toBe(0)
  })

  test('what goes well before one’s eyes is no news; a failure always is; what one cancels oneself is not', async () => {
    const engine = await engineWith(kind)
    const { task } = await engine.submit({ definition: shape.name, input: {} }, ada)
    const watching = new AbortController()
    const events = engine.watchTask(task.id, ada, { signal: watching.signal })[Symbol.asyncIterator]()
    await events.next()
    await run(engine, ada)
    await run(engine, ada, 'Broken')
    expect((await inboxOf(engine, ada)).map(({ kind }) => kind)).toEqual(['task.failed'])
    // Whoever has closed the page is told.
    watching.abort()
    await events.return?.()
    await run(engine, ada)
    expect((await inboxOf(engine, ada)).map(({ kind }) => kind)).toEqual(['task.completed', 'task.failed'])
    const mine = await engine.submit({ definition: shape.name, input: {} }, bob)
    await engine.cancel(mine.task.id, bob)
    const his = await engine.submit({ definition: shape.name, input: {} }, bob)
    await engine.cancel(his.task.id, staff)
    expect((await inboxOf(engine, bob)).map(({ kind, taskId }) => [kind, taskId])).toEqual([
      ['task.canceled', his.task.id],
    ])
  })

  test('the platform tells its own by the same way, each event once', async () => {
    const engine = await engineWith(kind)
    const request = { to: ['ada', 'bob', 'ada'], kind: 'forum.reply', title: 'A reply', link: '/forum/1', event: '17' }
    expect(await engine.notifications.inbox.send(request, staff)).toBe(2)
    expect(await engine.notifications.inbox.send(request, staff)).toBe(0)
    expect(await inboxOf(engine, bob)).toMatchObject([{ kind: 'forum.reply', title: 'A reply', link: '/forum/1' }])
    await expect(engine.notifications.inbox.send(request, ada)).rejects.toMatchObject({ code: 'forbidden' })
  })

  test('one mail for each end: plain, with the link, and nothing that a name smuggles in', async () => {
    const sink = await mailSink()
    const engine = await engineWith(kind, {
      publicUrl: 'https://errand.example.org',
      email: { smtp: sink.smtp, from: 'Courses <courses@example.org>' },
    })
    const id = await run(engine, adaByMail, '<img src=x onerror=alert(2)>')
    const mail = await until(() => sink.mails[0], 'the mail')
    expect(mail.from?.text).toContain('courses@example.org')
    expect(mail.to).toMatchObject({ value: [{ address: 'ada@example.org' }] })
    expect([mail.bcc, mail.cc]).toEqual([undefined, undefined])
    expect(mail.headers.has('bcc')).toBe(false)
    expect(mail.subject).toBe('Export <script>alert(1)</script> Bcc: all@example.org has failed')
    expect(mail.text).toContain(`https://errand.example.org/tasks/${id}`)
    expect(mail.html).not.toMatch(/<script|<img/)
    expect(mail.html).toContain(`href="https://errand.example.org/tasks/${id}"`)
    // Whoever has no address is told by the inbox alone.
    await run(engine, bob, 'Broken')
    await run(engine, { ...ada, email: 'ada@example.org' }, 'Again')
    await until(() => sink.mails.length >= 2, 'the next mail')
    expect(new Set(sink.mails.map(({ messageId }) => messageId)).size).toBe(2)
    expect(sink.mails).toHaveLength(2)
  })

  test('preferences: never is never, and what was said of a kind counts for more', async () => {
    const told: Message[] = []
    const engine = await engineWith(kind, { platform: async (message) => void told.push(message) })
    const { inbox, preferences } = engine.notifications
    const of = (kind: string, cadence: Cadence) => ({ kind, channel: 'platform', cadence })
    const wishes = [of('*', 'never'), of('task.failed', 'now'), of('forum.reply', 'daily')]
    await preferences.change({ preferences: wishes }, ada)
    await run(engine, ada)
    await inbox.send({ to: ['ada'], kind: 'forum.reply', title: 'Tomorrow' }, staff)
    await run(engine, ada, 'Now')
    const [message] = await until(() => told.length > 0 && told, 'the message')
    expect(message?.notifications.map(({ kind }) => kind)).toEqual(['task.failed'])
    expect(told).toHaveLength(1)
  })
})
