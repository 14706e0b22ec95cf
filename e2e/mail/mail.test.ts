import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emailChannel } from '../../packages/engine/src/notifications/email.ts'
import { type NotificationRow, render } from '../../packages/engine/src/notifications/render.ts'
import { type MailSink, openMailSink } from '../../packages/engine/src/test-support/mail-sink.ts'
import { exportTexts } from '../../packs/course/src/export/texts.ts'
import { launchBrowser } from '../web/browser.ts'

/** Where pictures of the mails are kept, if anywhere: to look at them. */
const PICTURES = process.env.ERRAND_PICTURES
const WIDTHS = [320, 1200]
/** What somebody may call a course, a task or themselves. */
const EVIL = '<script>window.hit=1</script><img src=x onerror="window.hit=1">"\'><b>&amp;'

let browser: Browser
let sink: MailSink
beforeAll(async () => {
  browser = await launchBrowser()
  sink = await openMailSink()
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await sink?.close()
})

const entry = (kind: string, data: Record<string, string>, facts: NotificationRow['facts'] | 'no task' = null) => ({
  id: '018f0000-0000-7000-8000-000000000002',
  kind,
  task_id: facts === 'no task' ? null : '018f0000-0000-7000-8000-000000000001',
  data,
  created_at: new Date('2026-03-04T15:30:00Z'),
  read_at: null,
  facts: facts === 'no task' ? null : facts,
})
const failed = entry('task.failed', {
  title: 'Export a course',
  scope: `course:course-v1:VeryLongOrganization+${'Course'.repeat(12)}+2026_T1`,
  failure: 'The course has no chapter',
  hint: 'Add one, then start the export again',
})
const done = entry('task.completed', { title: 'Grade report', scope: 'course:course-v1:Demo+DemoX+2026' })
const evil = entry('task.failed', { title: EVIL, scope: EVIL, failure: EVIL, hint: EVIL })
const own = entry('forum.reply', { title: 'Grace answered you', body: EVIL, link: 'javascript:alert(1)' }, 'no task')
const worded = entry(
  'task.completed',
  { title: 'Export a course', scope: 'course:course-v1:Demo+DemoX+2026' },
  {
    texts: exportTexts,
    started: '2026-03-04T15:28:00Z',
    ended: '2026-03-04T15:30:00Z',
    input: { course: 'course-v1:Demo+DemoX+2026' },
    results: null,
    outputs: {
      archive: { filename: 'course-v1_Demo+DemoX+2026.tar.gz', size: 23_412_345, expires: '2026-04-03T15:30:00Z' },
    },
  },
)

const to = { id: 'ada', name: EVIL, email: 'ada@example.org', timeZone: 'Europe/Madrid' }

test.each([
  ['one', 'es', [failed], '«Export a course» ha fallado', '4 mar 2026, 16:30'],
  ['one', 'de', [failed], '„Export a course“ ist fehlgeschlagen', '04.03.2026, 16:30'],
  ['one', null, [failed], 'Export a course has failed', 'Mar 4, 2026, 4:30'],
  ['worded', 'es', [worded], 'El archivo de course-v1:Demo+DemoX+2026 está listo', '23,4 MB'],
  ['worded', 'de', [worded], 'Das Archiv von course-v1:Demo+DemoX+2026 ist fertig', '23,4 MB'],
  ['worded', null, [worded], 'The archive of course-v1:Demo+DemoX+2026 is ready', '23.4 MB'],
  ['daily', 'es', [done, worded, failed, own], '4 novedades', 'De qué se le avisa y con qué frecuencia'],
  ['daily', 'de', [done, worded, failed, own], '4 Neuigkeiten', 'Worüber Sie benachrichtigt werden und wie oft'],
  ['daily', null, [done, worded, failed, own], '4 things have happened', 'What you are told, and how often'],
  ['attack', 'es', [evil], undefined, '4 mar 2026, 16:30'],
] as const)(
  'a mail as a person sees it, on a phone and on a desk: %s, %s',
  { timeout: 120_000 },
  async (name, locale, entries, subject, said) => {
    const channel = emailChannel(
      { smtp: sink.smtp, from: 'Courses <courses@example.org>' },
      'https://errand.example.org',
    )
    const before = sink.mails.length
    const reader = { ...to, locale }
    const notifications = entries.map((one) => render(one, reader))
    await channel.send({ id: `018f0000-0000-7000-8000-00000000000${before}`, to: reader, notifications })
    channel.close?.()
    const mail = sink.mails[before]
    if (subject !== undefined) expect(mail?.subject).toBe(subject)
    expect(mail?.text?.replaceAll(/\s/g, ' ')).toContain(said)
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated')
    const html = mail?.html
    if (typeof html !== 'string') throw new Error('The mail has no HTML.')
    for (const width of WIDTHS) {
      const page = await browser.newPage({ viewport: { width, height: 700 } })
      const asked: string[] = []
      await page.route('**/*', (route) => {
        asked.push(route.request().url())
        return route.abort()
      })
      await page.setContent(html)
      expect(await page.locator('html').getAttribute('lang')).toBe(locale ?? 'en')
      expect(await page.evaluate<boolean>("'hit' in window")).toBe(false)
      // Nothing is wider than the screen.
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth')).toBe(false)
      expect(await page.locator('script, img, iframe, form, link').count()).toBe(0)
      for (const link of await page.locator('a').all()) expect(await link.getAttribute('href')).toMatch(/^https:/)
      expect(asked).toEqual([])
      if (name === 'attack') expect(await page.locator('body').textContent()).toContain(EVIL)
      if (PICTURES !== undefined) {
        await mkdir(PICTURES, { recursive: true })
        await page.screenshot({ path: join(PICTURES, `mail-${name}-${locale ?? 'en'}-${width}.png`), fullPage: true })
      }
      await page.close()
    }
  },
)
