import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Task } from '@errand/client'
import { packSample, SAMPLE_KEYS } from '@errand/course/sample'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { freePort } from '../e2e/chaos/processes.ts'
import { launchBrowser } from '../e2e/web/browser.ts'
import { openSite, type Site, signIn } from '../e2e/web/site.ts'

/**
 * Takes a picture of every page, on a desk, in the dark and on a phone, into docs/screenshots: a real service, with real
 * tasks. Look at them after a change to the web.
 */

const FOLDER = fileURLToPath(new URL('../docs/screenshots', import.meta.url))
const PACKS = ['../packs/course', '../packs/grade-report'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1280, height: 860 } },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
}

/** Of 1: text stays as sharp as it was. */
const QUALITY = 0.9

/** Everything that the pages show, as it would be on a platform. */
async function fill(site: Site): Promise<{ ended: Task; failed: Task; partly: Task; begin(): Promise<UnderWay> }> {
  const { client } = site
  const ada = site.as('ada')
  for (const scope of Object.values(SAMPLE_KEYS)) {
    await client.api.PUT('/api/v1/memberships', { body: { principal: 'ada', scope: `course:${scope}`, role: 'staff' } })
  }
  const course = SAMPLE_KEYS.course
  const archive = await ada.upload(new File([await buffer(packSample())], 'tides-101.tar.gz'))
  const broken = await ada.upload(new File(['not an archive'], 'tides-101 (2).tar.gz'))
  const run = async (task: Parameters<typeof ada.submit>[0]) => {
    const { id } = await ada.submit(task)
    // Not in her eyes: what one has watched is no news.
    for await (const event of client.watchTask(id)) void event
    return ada.task(id)
  }
  await run({ definition: 'course.import', input: { course }, uploads: { archive: archive.id } })
  const ended = await run({ definition: 'course.export', input: { course } })
  const grades = (more: object) => ({ definition: 'grade-report', input: { course, ...more } })
  const partly = await run(grades({ learners: 4_000, unreadable: 0.004 }))
  const failed = await run({ definition: 'course.import', input: { course }, uploads: { archive: broken.id } })
  const reefs = 'course-v1:Errand+REEFS2+2026'
  const stopped = await ada.submit(grades({ course: reefs, learners: 900_000 }))
  await ada.cancel(stopped.id)
  await client.api.PUT('/api/v1/memberships', {
    body: { principal: 'service:scheduler', scope: `course:${course}`, role: 'staff' },
  })
  const weekdays = { input: { course }, timeZone: 'Europe/Zurich' }
  await client.createSchedule({
    name: 'nightly-export',
    definition: 'course.export',
    cron: '30 2 * * 1-5',
    ...weekdays,
  })
  await client.createSchedule({ name: 'monday-grades', definition: 'grade-report', cron: '0 6 * * mon', ...weekdays })
  await client.pauseSchedule('monday-grades')
  const platform = [
    ['forum.reply', 'Ben Lind answered you', 'In “Why are there two tides a day?”'],
    ['course.published', 'Tides 101 was published', 'Learners see what you have imported.'],
  ] as const
  for (const [kind, title, body] of platform) {
    await client.api.POST('/api/v1/notifications', { body: { to: ['ada'], kind, title, body } })
  }
  const { data } = await ada.api.GET('/api/v1/notifications', { params: { query: { limit: 50 } } })
  // All but the newest have been seen.
  const seen = (data?.notifications ?? []).slice(3).map(({ id }) => id)
  if (seen.length > 0) await ada.api.POST('/api/v1/notifications/read', { body: { ids: seen } })
  return { ended, failed, partly, begin: () => begin(site) }
}

/** A task that runs while its pictures are taken. */
interface UnderWay {
  id: string
  /** Leaves nothing of it. */
  end(): Promise<void>
}

/** A task that runs, and one that waits for it. */
async function begin(site: Site): Promise<UnderWay> {
  const ada = site.as('ada')
  const grades = (learners: number) => ({
    definition: 'grade-report',
    input: { course: SAMPLE_KEYS.course, learners, unreadable: 0.003 },
  })
  const running = await ada.submit(grades(1_000_000))
  for await (const event of ada.watchTask(running.id)) {
    if (event.type !== 'task') continue
    const graded = event.task.steps.find(({ kind }) => kind === 'fan-out')?.progress
    if (graded?.secondsLeft !== undefined && graded.done > 150_000) break
  }
  // One slice at a time: it is still in the middle when the last of the pictures is taken.
  await ada.setConcurrency(running.id, 1)
  // One at a time for each course: this one waits for the other.
  const waiting = await ada.submit({ ...grades(2_000), conflict: 'wait' })
  return {
    id: running.id,
    async end() {
      for (const { id } of [waiting, running]) {
        await ada.cancel(id)
        for await (const event of ada.watchTask(id)) void event
        await ada.deleteTask(id)
      }
    },
  }
}

async function shoot(page: Page, look: string, name: string, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('h1').waitFor()
  await page.locator('[aria-busy=true], [aria-label=Loading]').first().waitFor({ state: 'detached' })
  if (path.startsWith('/tasks/')) {
    await page
      .getByText('Nothing was noted')
      .or(page.getByRole('list', { name: 'Activity' }))
      .waitFor()
  }
  // Resolves once they can be drawn; an evaluation by the page itself is refused by its policy.
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))')
  const picture = await page.screenshot({ fullPage: true, animations: 'disabled' })
  const file = `${name}-${look}.webp`
  await writeFile(join(FOLDER, file), await webp(page.context(), picture))
  console.log(file)
}

/** The picture as a browser presses it: a third of the size, and nobody sees the difference. */
async function webp(context: BrowserContext, png: Buffer): Promise<Buffer> {
  // A page of its own: those of the service allow no code that is not theirs.
  const page = await context.newPage()
  const address = await page.evaluate<string>(`(async () => {
    const png = await (await fetch('data:image/png;base64,${png.toString('base64')}')).blob()
    const bitmap = await createImageBitmap(png)
    const canvas = document.createElement('canvas')
    canvas.width = bitmap.width
    canvas.height = bitmap.height
    canvas.getContext('2d').drawImage(bitmap, 0, 0)
    return canvas.toDataURL('image/webp', ${QUALITY})
  })()`)
  await page.close()
  const [type, data = ''] = address.split(',')
  if (type !== 'data:image/webp;base64') throw new Error('This browser makes no WebP.')
  return Buffer.from(data, 'base64')
}

async function take(site: Site, browser: Browser, tasks: Awaited<ReturnType<typeof fill>>): Promise<void> {
  const still = {
    'task-with-errors': `/tasks/${tasks.partly.id}`,
    'task-ended': `/tasks/${tasks.ended.id}`,
    'task-failed': `/tasks/${tasks.failed.id}`,
    start: '/start',
    form: '/start/course.import',
    schedules: '/schedules',
    retention: '/retention',
    'not-found': '/nowhere',
  }
  // The owner's own; the others are as staff see them.
  const own = { inbox: '/inbox', preferences: '/preferences' }
  const visits = await Promise.all(
    Object.entries(looks).map(async ([look, options]) => {
      const visit = { options: { locale: 'en', ...options } }
      const [{ page }, owner] = await Promise.all([
        signIn(site, browser, visit),
        signIn(site, browser, { as: 'ada', ...visit }),
      ])
      return { look, options, page, owner: owner.page }
    }),
  )
  for (const { look, page } of visits) {
    // For each anew, or it would be over before the last comes.
    const running = await tasks.begin()
    const moving = {
      'task-running': `/tasks/${running.id}`,
      tasks: '/',
      definitions: '/definitions',
      service: '/service',
    }
    for (const [name, path] of Object.entries(moving)) await shoot(page, look, name, path)
    await running.end()
  }
  for (const { look, options, owner, page } of visits) {
    for (const [name, path] of Object.entries(still)) await shoot(page, look, name, path)
    for (const [name, path] of Object.entries(own)) await shoot(owner, look, name, path)
    const stranger = await browser.newContext({ baseURL: site.address, ...options })
    await shoot(await stranger.newPage(), look, 'signed-out', '/')
  }
}

const captions: Readonly<Record<string, string>> = {
  tasks: 'The list',
  'task-running': 'A task that runs, in the middle of a million learners',
  'task-with-errors': 'One that ended with errors',
  'task-ended': 'One that is over, and its file',
  'task-failed': 'One that failed, and what to do',
  start: 'What can be started',
  form: 'A form',
  inbox: 'The inbox',
  preferences: 'What one is told',
  definitions: 'Definitions, for staff',
  schedules: 'What runs by the clock, for staff',
  service: 'The service, for staff',
  retention: 'What retention would remove, for staff',
  'not-found': 'A page that is not there',
  'signed-out': 'Nobody is signed in',
}

/** All pictures on one page. */
function index(): string {
  const parts = Object.entries(captions).map(([name, caption]) => {
    const image = (look: string, width: number) =>
      `<img src="${name}-${look}.webp" width="${width}" alt="${caption}, ${look}">`
    return `## ${caption}\n\n${image('desktop', 400)} ${image('dark', 400)} ${image('phone', 130)}\n`
  })
  return `# Every page\n\n\`npm run screenshots\` takes these pictures anew, of a real service.\n\n${parts.join('\n')}`
}

await mkdir(FOLDER, { recursive: true })
// Pictures of pages that are no more.
for (const name of await readdir(FOLDER)) await rm(join(FOLDER, name))
const [site, browser] = await Promise.all([openSite({ port: await freePort(), packs: PACKS }), launchBrowser()])
try {
  await take(site, browser, await fill(site))
  await writeFile(join(FOLDER, 'README.md'), index())
} finally {
  await browser.close()
  await site.close()
}
