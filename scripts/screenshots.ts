import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Task } from '@errand/client'
import { packSample, SAMPLE_KEYS } from '@errand/course/sample'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
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

/** Everything that the pages show, as it would be on a platform. */
async function fill(site: Site): Promise<{ ended: Task; failed: Task; partly: Task; running: Task }> {
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
    for await (const event of ada.watchTask(id)) void event
    return ada.task(id)
  }
  await run({ definition: 'course.import', input: { course }, uploads: { archive: archive.id } })
  const ended = await run({ definition: 'course.export', input: { course } })
  const grades = (more: object) => ({ definition: 'grade-report', input: { course, ...more } })
  const partly = await run(grades({ learners: 4_000, unreadable: 0.004 }))
  const failed = await run({ definition: 'course.import', input: { course }, uploads: { archive: broken.id } })
  const stopped = await ada.submit({ ...grades({ course: 'course-v1:Errand+REEFS2+2026', learners: 900_000 }) })
  await ada.cancel(stopped.id)
  const running = await ada.submit(grades({ learners: 1_000_000, unreadable: 0.003 }))
  for await (const event of ada.watchTask(running.id)) {
    if (event.type === 'task' && event.task.steps.some(({ progress }) => progress?.secondsLeft !== undefined)) break
  }
  return { ended, failed, partly, running }
}

async function shoot(page: Page, look: string, name: string, path: string): Promise<void> {
  await page.goto(path)
  await page.locator('h1').waitFor()
  await page.locator('[aria-busy=true], [aria-label=Loading]').first().waitFor({ state: 'detached' })
  // Resolves once they can be drawn; an evaluation by the page itself is refused by its policy.
  await page.evaluate('Promise.all([...document.images].map((image) => image.decode()))')
  await page.screenshot({ path: join(FOLDER, `${name}-${look}.png`), fullPage: true, animations: 'disabled' })
  console.log(`${name}-${look}.png`)
}

async function take(site: Site, browser: Browser, tasks: Awaited<ReturnType<typeof fill>>): Promise<void> {
  const moving = { 'task-running': `/tasks/${tasks.running.id}`, tasks: '/' }
  const still = {
    'task-with-errors': `/tasks/${tasks.partly.id}`,
    'task-ended': `/tasks/${tasks.ended.id}`,
    'task-failed': `/tasks/${tasks.failed.id}`,
    start: '/start',
    form: '/start/course.import',
    definitions: '/definitions',
    service: '/service',
    inbox: '/inbox',
    preferences: '/preferences',
    'not-found': '/nowhere',
  }
  const visits = await Promise.all(
    Object.entries(looks).map(async ([look, options]) => {
      const { page } = await signIn(site, browser, { options: { locale: 'en', ...options } })
      return { look, options, page }
    }),
  )
  for (const { look, page } of visits) {
    for (const [name, path] of Object.entries(moving)) await shoot(page, look, name, path)
  }
  // What runs takes the machine from whoever takes the other pictures.
  await site.client.cancel(tasks.running.id)
  for (const { look, options, page } of visits) {
    for (const [name, path] of Object.entries(still)) await shoot(page, look, name, path)
    const stranger = await browser.newContext({ baseURL: site.address, ...options })
    await shoot(await stranger.newPage(), look, 'signed-out', '/')
  }
}

await mkdir(FOLDER, { recursive: true })
await writeFile(join(FOLDER, 'README.md'), '# Every page\n\n`npm run screenshots` takes these pictures anew.\n')
const [site, browser] = await Promise.all([openSite({ port: await freePort(), packs: PACKS }), launchBrowser()])
try {
  await take(site, browser, await fill(site))
} finally {
  await browser.close()
  await site.close()
}
