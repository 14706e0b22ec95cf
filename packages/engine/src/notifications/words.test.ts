import { randomUUID } from 'node:crypto'
import { type DefinitionShape, parseShape } from '@errand/task'
import { expect, test, vi } from 'vitest'
import { ada, onBothDatabases, staff } from '../test-support/databases.ts'
import { openMailSink } from '../test-support/mail-sink.ts'
import { shapeOf, stepOf } from '../test-support/shapes.ts'
import { closeAllAfterEach, closeLater, openTelling } from '../test-support/telling.ts'
import { until } from '../test-support/until.ts'
import type { Engine } from '../types.ts'
import type { Message } from './types.ts'

vi.setConfig({ testTimeout: 120_000 })
closeAllAfterEach()

const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }
const shape = (notifications: NonNullable<DefinitionShape['notifications']>) =>
  parseShape(
    shapeOf([stepOf('work')], {
      title: 'Export a course',
      input: { type: 'object', properties: { course: { type: 'string' } } },
      artifacts: { archive: { title: 'Archive', mediaType: 'text/plain', visibility: 'owner', keep: { days: 7 } } },
      notifications,
    }),
  )
const body = '{output.archive.filename}, {output.archive.size}, {result.work.files}, {output.archive.expires}'
const words = shape({
  en: { completed: { title: 'The archive of {input.course} is ready', body } },
  de: { completed: { title: 'Das Archiv von {input.course} ist fertig', body } },
})

/** Starts a task, writes its output and ends it. */
async function run(engine: Engine, course: string): Promise<void> {
  const { task } = await engine.submit({ definition: words.name, input: { course } }, byMail)
  const claim = await until(
    async () => (await engine.work.claim(worker.id, 10)).find(({ taskId }) => taskId === task.id),
    'the claim',
  )
  const sink = await engine.work.openArtifact(claim, 'archive', { filename: 'archive.txt' })
  await sink.write(Buffer.alloc(1_500, 'x'))
  await sink.close()
  await engine.work.complete(claim, { files: 1_234, list: ['not shown'] })
}

const byMail = { ...ada, email: 'ada@example.org' }
const course = '<script>alert(1)</script>{title}'

onBothDatabases((kind) => {
  test('the definition’s words reach inbox, mail and platform alike, as the person reads, and can change', async () => {
    const sink = await openMailSink()
    closeLater(() => sink.close())
    const told: Message[] = []
    const { engine } = await openTelling(kind, {
      email: { smtp: sink.smtp, from: 'Courses <courses@example.org>' },
      platform: async (message) => void told.push(message),
    })
    const { inbox, preferences } = engine.notifications
    await engine.work.register(worker, [words])
    await preferences.change({ locale: 'de-AT', timeZone: 'Europe/Vienna' }, byMail)
    await run(engine, course)
    const title = `Das Archiv von ${course} ist fertig`
    const [entry] = (await inbox.list(byMail)).notifications
    expect(entry?.title).toBe(title)
    expect(entry?.body.replaceAll(/\s/g, ' ')).toMatch(/^archive\.txt, 1,5 kB, 1 234, \d\d?\.\d\d?\.20\d\d, \d\d:\d\d$/)
    const message = await until(() => told[0], 'the message')
    expect(message.notifications[0]).toMatchObject({ title, body: entry?.body })
    const mail = await until(() => sink.mails[0], 'the mail')
    expect(mail.subject).toBe(title)
    expect(mail.text).toContain(entry?.body)
    expect(mail.html).toContain('Das Archiv von &#60;script&#62;alert(1)&#60;/script&#62;{title} ist fertig')
    expect(mail.html).toContain('<html lang="de">')

    // Other words for the same version: no conflict, and what was told reads anew.
    const reworded = { ...words, notifications: { es: { completed: { title: 'Listo: {input.course}' } } } }
    await engine.work.register(worker, [reworded])
    const listed = (await engine.definitions(staff)).find(({ name }) => name === words.name)
    expect(listed?.shape.notifications).toEqual(reworded.notifications)
    await preferences.change({ locale: 'es' }, byMail)
    expect((await inbox.list(byMail)).notifications[0]?.title).toBe(`Listo: ${course}`)
    await preferences.change({ locale: null }, byMail)
    expect((await inbox.list(byMail)).notifications[0]).toMatchObject({ title: 'Export a course is done', body: '' })
  })
})
