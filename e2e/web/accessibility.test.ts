import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { PATIENT } from './flows.ts'
import { openSite, type Site, signIn } from './site.ts'

/** Every page, for everybody: by keyboard, in little room, from right to left, without motion, and as axe finds it. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

let site: Site
let browser: Browser
/** The address of each page, by what is on it. */
let pages: Readonly<Record<string, string>>
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort() }), launchBrowser()])
  const { client } = site
  const ended = async (definition: string, input: Record<string, unknown>) => {
    const { id } = await client.submit({ definition, input })
    for await (const event of client.watchTask(id)) void event
    return `/tasks/${id}`
  }
  const gate = join(site.folder, 'gate')
  const letters = { course: 'course-v1:Errand+A+1', gate, mended: join(site.folder, 'mended') }
  const running = await client.submit({ definition: 'letters', input: { ...letters, course: 'course-v1:Errand+B+1' } })
  for await (const event of client.watchTask(running.id)) {
    if (event.type === 'task' && event.task.steps.some(({ state }) => state === 'running')) break
  }
  const { id: me } = await client.me()
  const title = `The import of course-v1:${'AVeryLongOrganisation+'.repeat(3)}2026 is done`
  await client.api.POST('/api/v1/notifications', { body: { to: [me], kind: 'course.ready', title } })
  const nightly = { definition: 'greet', input: {}, cron: '30 2 * * 1-5' }
  await client.createSchedule({ name: 'nightly-greeting-of-everybody-who-comes', ...nightly })
  pages = {
    list: '/',
    running: `/tasks/${running.id}`,
    failed: await ended('refuses', { path: join(site.folder, 'nothing') }),
    'with a file': await ended('secret', { name: 'ada' }),
    'with errors': await ended('letters', { ...letters, people: 12 }),
    catalogue: '/start',
    form: '/start/course.import',
    definitions: '/definitions',
    schedules: '/schedules',
    service: '/service',
    retention: '/retention',
    inbox: '/inbox',
    preferences: '/preferences',
    none: '/nowhere',
  }
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).waitFor(PATIENT)
  await expect.poll(() => page.locator('[aria-busy=true], [aria-label=Loading]').count(), PATIENT).toBe(0)
}

/** What axe finds, as one line each. */
async function findings(page: Page): Promise<string[]> {
  // Not as a script of the page, whose policy would refuse it.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ failureSummary, html }) => `${id}: ${html.slice(0, 200)} ${failureSummary?.replaceAll(/\s+/g, ' ')}`),
  )
}

async function eachPage(options: BrowserContextOptions, look: (page: Page) => Promise<string[]>): Promise<string[]> {
  const { context, page } = await signIn(site, browser, { options })
  const found: string[] = []
  for (const [name, path] of Object.entries(pages)) {
    await open(page, path)
    for (const one of await look(page)) found.push(`${name}: ${one}`)
  }
  await context.close()
  return found
}

test.each(['light', 'dark'] as const)('axe finds nothing on any page, %s', async (colorScheme) => {
  // What fades in has other colours half way.
  expect(await eachPage({ colorScheme, reducedMotion: 'reduce' }, findings)).toEqual([])
  const nobody = await browser.newContext({ baseURL: site.address, colorScheme })
  const page = await nobody.newPage()
  await open(page, '/')
  expect(await findings(page)).toEqual([])
  await nobody.close()
})

/** How far the page is wider than its window, in pixels. */
async function overflow(page: Page): Promise<string[]> {
  const wide = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  return wide > 0 ? [`${wide} px too wide`] : []
}

test('the question before a cancel, the menu, the form with errors and that of a schedule are fine for axe, too', async () => {
  const { context, page } = await signIn(site, browser, { options: { reducedMotion: 'reduce' } })
  await open(page, pages.running ?? '')
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.getByRole('dialog').waitFor()
  expect(await findings(page)).toEqual([])
  await page.getByRole('button', { name: 'Let it run' }).click()
  await page.getByRole('button', { name: 'Administrator' }).click()
  await page.getByRole('menu').waitFor()
  expect(await findings(page)).toEqual([])
  await open(page, '/schedules')
  await page.getByRole('button', { name: 'Add a schedule' }).click()
  await page.getByRole('combobox', { name: 'Starts' }).selectOption('Wait for a file')
  await page.getByRole('textbox', { name: 'Path' }).waitFor(PATIENT)
  expect(await findings(page)).toEqual([])
  expect(await overflow(page)).toEqual([])
  await open(page, '/start/letters')
  for (const name of ['Course', 'Gate', 'Mended']) await page.getByRole('textbox', { name }).fill('x')
  await page.getByRole('textbox', { name: 'People' }).fill('99999999')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByRole('alert').first().waitFor(PATIENT)
  expect(await findings(page)).toEqual([])
  await context.close()
})

test.each([
  ['320 px', { viewport: { width: 320, height: 640 } }],
  ['200 % zoom', { viewport: { width: 640, height: 430 }, deviceScaleFactor: 2 }],
])('nothing is cut off at %s', async (_name, options) => {
  expect(await eachPage(options, overflow)).toEqual([])
})

test.each([320, 1280])('from right to left the pages are mirrored and whole, %i px wide', async (width) => {
  const { context, page } = await signIn(site, browser, { options: { viewport: { width, height: 800 } } })
  await page.route('**/*', async (route) => {
    if (route.request().resourceType() !== 'document') return route.continue()
    const response = await route.fetch()
    await route.fulfill({ response, body: (await response.text()).replace('dir="ltr"', 'dir="rtl"') })
  })
  for (const [name, path] of Object.entries(pages)) {
    await open(page, path)
    expect([name, await overflow(page)]).toEqual([name, []])
    const brand = await page.getByRole('link', { name: 'Errand', exact: true }).boundingBox()
    const account = await page.getByRole('button', { name: 'Administrator' }).boundingBox()
    expect(brand?.x).toBeGreaterThan(account?.x ?? Number.POSITIVE_INFINITY)
  }
  await context.close()
})

test('nothing moves for whoever wants no motion', async () => {
  const moving = (page: Page) =>
    page.evaluate<number>(`document.getAnimations().filter(({ playState }) => playState === 'running').length`)
  for (const [reducedMotion, some] of [
    ['no-preference', true],
    ['reduce', false],
  ] as const) {
    const { context, page } = await signIn(site, browser, { options: { reducedMotion } })
    await open(page, pages.running ?? '')
    await expect.poll(async () => (await moving(page)) > 0, PATIENT).toBe(some)
    await context.close()
  }
})
