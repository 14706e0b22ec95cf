import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emailChannel } from '../../packages/engine/src/notifications/email.ts'
import { render } from '../../packages/engine/src/notifications/render.ts'
import type { Message } from '../../packages/engine/src/notifications/types.ts'
import { type MailSink, openMailSink } from '../../packages/engine/src/test-support/mail-sink.ts'
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

const entry = (kind: string, data: Record<string, string>, task = true) =>
  render({
    id: '018f0000-0000-7000-8000-000000000002',
    kind,
    task_id: task ? '018f0000-0000-7000-8000-000000000001' : null,
    data,
    created_at: new Date('2026-03-04T15:30:00Z'),
    read_at: null,
  })
const failed = entry('task.failed', {
  title: 'Export a course',
  scope: `course:course-v1:VeryLongOrganization+${'Course'.repeat(12)}+2026_T1`,
  failure: 'The course has no chapter',
  hint: 'Add one, then start the export again',
})
const done = entry('task.completed', { title: 'Grade report', scope: 'course:course-v1:Demo+DemoX+2026' })
const evil = entry('task.failed', { title: EVIL, scope: EVIL, failure: EVIL, hint: EVIL })
const own = entry('forum.reply', { title: 'Grace answered you', body: EVIL, link: 'javascript:alert(1)' }, false)

const to: Message['to'] = { id: 'ada', name: EVIL, email: 'ada@example.org', locale: 'es', timeZone: 'Europe/Madrid' }

test.each([
  ['one', [failed], 'Export a course has failed'],
  ['daily', [done, failed, own], '3 things have happened'],
  ['attack', [evil], undefined],
] as const)(
  'a mail as a person sees it, on a phone and on a desk: %s',
  { timeout: 120_000 },
  async (name, notifications, subject) => {
    const channel = emailChannel(
      { smtp: sink.smtp, from: 'Courses <courses@example.org>' },
      'https://errand.example.org',
    )
    const before = sink.mails.length
    await channel.send({ id: `018f0000-0000-7000-8000-00000000000${before}`, to, notifications: [...notifications] })
    channel.close?.()
    const mail = sink.mails[before]
    if (subject !== undefined) expect(mail?.subject).toBe(subject)
    expect(mail?.text).toContain('4 mar 2026, 16:30')
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
      expect(await page.evaluate<boolean>("'hit' in window")).toBe(false)
      // Nothing is wider than the screen.
      expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth')).toBe(false)
      expect(await page.locator('script, img, iframe, form, link').count()).toBe(0)
      for (const link of await page.locator('a').all()) expect(await link.getAttribute('href')).toMatch(/^https:/)
      expect(asked).toEqual([])
      if (name === 'attack') expect(await page.locator('body').textContent()).toContain(EVIL)
      if (PICTURES !== undefined) {
        await mkdir(PICTURES, { recursive: true })
        await page.screenshot({ path: join(PICTURES, `mail-${name}-${width}.png`), fullPage: true })
      }
      await page.close()
    }
  },
)
