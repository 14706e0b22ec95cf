import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { packSample, SAMPLE_KEYS } from '@errand/course/sample'
import type { APIResponse, Browser, Download, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Site, signIn } from './site.ts'

/** What people do with the web, each from its beginning to its end; one list for every way of running the service. */

/** For a machine that others use too. */
export const PATIENT = { timeout: 120_000 }

/** The sentence that says how a task stands. */
export const said = (page: Page, words: string | RegExp) =>
  page.getByRole('region', { name: 'How it stands' }).getByText(words)

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const field = (page: Page, name: string) => page.getByRole('textbox', { name })

async function contentOf(download: Download): Promise<string> {
  const stream = await download.createReadStream()
  return text(stream)
}

/** Presses what downloads, and returns what came. */
async function take(page: Page, name = 'Download'): Promise<Download> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name }).first().click(),
  ])
  return download
}

/** Makes ada staff of the sample course, as a platform would. */
export async function enrol(site: Site): Promise<void> {
  const scope = `course:${SAMPLE_KEYS.course}`
  await site.client.api.PUT('/api/v1/memberships', { body: { principal: 'ada', scope, role: 'staff' } })
  await site.client.api.PUT('/api/v1/memberships', { body: { principal: 'ben', scope, role: 'team' } })
}

/** A course goes in by the form; the connection breaks in the middle and the page is loaded again. */
export async function importCourse(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  // What is in front of the course makes it larger than one piece of an upload.
  const archive = Buffer.concat([await buffer(packSample()), Buffer.alloc(4_000_000)])
  const path = join(site.folder, 'course.tar.gz')
  await writeFile(path, archive)
  let pieces = 0
  await page.route('**/api/v1/uploads/*', (route) =>
    route.request().method() === 'PATCH' && ++pieces > 1 ? route.abort('connectionreset') : route.continue(),
  )
  await page.goto('/start/course.import')
  await field(page, 'Course').fill(SAMPLE_KEYS.course)
  await page.getByLabel('Course archive').setInputFiles(path)
  await button(page, 'Start').click()
  await expect.poll(() => pieces, PATIENT).toBeGreaterThan(1)
  await page.unroute('**/api/v1/uploads/*')
  const sent: number[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(Number(request.headers()['upload-offset']))
  })
  await page.reload()
  await page.getByText('of course.tar.gz is there already').waitFor(PATIENT)
  await field(page, 'Course').fill(SAMPLE_KEYS.course)
  await page.getByLabel('Course archive').setInputFiles(path)
  await page.getByText('of it is there already: the rest follows').waitFor(PATIENT)
  await button(page, 'Start').click()
  await said(page, /^Completed in/).waitFor(PATIENT)
  expect(sent[0]).toBeGreaterThan(0)
  await context.close()
}

/** An export is started, the browser closed; its owner comes back with another one and takes the file. */
export async function exportCourse(site: Site, browser: Browser): Promise<void> {
  const first = await signIn(site, browser, { as: 'ada' })
  await first.page.goto('/start/course.export')
  await field(first.page, 'Course').fill(SAMPLE_KEYS.course)
  await button(first.page, 'Start').click()
  await first.page.waitForURL(/\/tasks\//)
  const task = new URL(first.page.url()).pathname
  await first.context.close()

  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.getByRole('link', { name: 'Export a course' }).first().click()
  await page.waitForURL(`**${task}`)
  await said(page, /^Completed in/).waitFor(PATIENT)
  const download = await take(page)
  expect(download.suggestedFilename()).toMatch(/\.tar\.gz$/)
  const stream = await download.createReadStream()
  expect((await buffer(stream)).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
  await context.close()
}

/** Items fail; the task is paused and goes on; what failed is done again, and is right. */
export async function failedItems(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const gate = join(site.folder, `gate-${Date.now()}`)
  const mended = `${gate}-mended`
  await page.goto('/start/letters')
  await field(page, 'Course').fill(SAMPLE_KEYS.course)
  await field(page, 'Gate').fill(gate)
  await field(page, 'Mended').fill(mended)
  await button(page, 'Start').click()
  await button(page, 'Pause').click()
  await said(page, '(paused)').waitFor(PATIENT)
  await page.getByRole('textbox', { name: 'Slices side by side' }).fill('3')
  await button(page, 'Set').click()
  await page.getByText('At most 3 side by side from now on.').waitFor(PATIENT)
  await button(page, 'Go on').click()
  await button(page, 'Pause').waitFor(PATIENT)
  // Not before: what is in hand ends all the same, and with it the button.
  await writeFile(gate, '')
  await said(page, /^Completed in .*, with errors$/).waitFor(PATIENT)
  await page.getByText('40 of 40 letters · 4 failed').waitFor()
  await page.getByText('errors.csv').first().waitFor()
  await writeFile(mended, '')
  const before = page.url()
  await button(page, 'Retry failed items').click()
  await page.waitForURL((url) => url.href !== before)
  await said(page, /^Completed in [^,]*$/).waitFor(PATIENT)
  expect((await contentOf(await take(page))).trim().split('\r\n')).toHaveLength(4)
  await context.close()
}

/** A file for one download says so, and is gone after it. */
export async function useOnce(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.goto('/start/secret')
  await field(page, 'Name').fill('ada')
  await button(page, 'Start').click()
  await page.getByText('One download only').waitFor(PATIENT)
  expect(await contentOf(await take(page))).toBe('key of ada\n')
  await page.getByText(/^Downloaded on/).waitFor(PATIENT)
  expect(await page.getByRole('link', { name: 'Download' }).count()).toBe(0)
  await page.getByText('Who had it').click()
  await page.getByText('It went with the download by Ada Okafor').waitFor(PATIENT)
  await page.getByText('Ada Okafor downloaded it').waitFor(PATIENT)
  await context.close()
}

/** A team mate sees the task and the team's files, and may change nothing; a stranger learns not even that it is there. */
export async function teamAndStranger(site: Site, browser: Browser): Promise<void> {
  const ready = join(site.folder, 'team-ready')
  await writeFile(ready, '')
  const input = { course: SAMPLE_KEYS.course, people: 3, gate: ready, mended: ready }
  const { id } = await site.as('ada').submit({ definition: 'letters', input })
  const mate = await signIn(site, browser, { as: 'ben' })
  await mate.page.goto(`/tasks/${id}`)
  await said(mate.page, /^Completed in/).waitFor(PATIENT)
  expect(await contentOf(await take(mate.page))).toContain('person-00000')
  await mate.page.getByText('Ada Okafor, the team and staff of what it is about').waitFor(PATIENT)
  // What would be refused says so before it is pressed, and asks nothing.
  for (const [name, why] of [
    ['Delete letters.csv', 'Only those who answer for it may'],
    ['Retry', 'Only its owner and staff may'],
    ['Delete', 'Only its owner and the platform’s staff may'],
  ] as const) {
    await button(mate.page, name).hover()
    await mate.page.getByRole('tooltip', { name: why }).waitFor(PATIENT)
    await button(mate.page, name).press('Enter')
  }
  expect(await mate.page.getByRole('dialog').count()).toBe(0)
  // What she gave is not shown to him; nor does it come back as if he had said it.
  await button(mate.page, 'Run again with changes').click()
  await field(mate.page, 'Course').waitFor(PATIENT)
  expect(await field(mate.page, 'Course').inputValue()).toBe('')
  // An export he sees, too; to start one takes a role that he does not have.
  const { tasks } = await site.as('ada').tasks({ definition: 'course.export', limit: 1 })
  await mate.page.goto(`/tasks/${tasks[0]?.id}`)
  // The pointer may stand there since the page before, and what does not move enters nothing.
  await mate.page.mouse.move(0, 0)
  const refused = mate.page.getByRole('button', { name: 'Run again with changes', disabled: true })
  await refused.waitFor(PATIENT)
  await refused.hover()
  await mate.page.getByRole('tooltip', { name: 'Whoever starts this needs a role' }).waitFor(PATIENT)
  await mate.page.goto('/')
  await mate.page.getByRole('combobox', { name: 'Whose' }).selectOption('Mine')
  await mate.page.getByText('Nothing matches').waitFor(PATIENT)
  await mate.context.close()

  const stranger = await signIn(site, browser, { as: 'mallory' })
  const [answer] = await Promise.all([
    stranger.page.waitForResponse((response) => response.url().endsWith(`/api/v1/tasks/${id}`)),
    stranger.page.goto(`/tasks/${id}`),
  ])
  expect(answer.status()).toBe(404)
  await stranger.page.getByRole('alert').waitFor(PATIENT)
  expect(await stranger.page.getByText('letters.csv').count()).toBe(0)
  await stranger.page.goto('/')
  await stranger.page.getByText('Nothing here yet').waitFor(PATIENT)
  await stranger.context.close()
}

/** The newer version is promoted, new tasks are made of it, and the older one retired. */
export async function promoteAndRetire(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser)
  await page.goto('/definitions')
  const versions = page.getByRole('region', { name: 'greet' })
  const row = (version: number) => versions.getByRole('row', { name: new RegExp(`^${version}\\b`) })
  await versions.getByText('Promoted').waitFor(PATIENT)
  const [older, newer] = (await row(2).getByText('Promoted').count()) > 0 ? [2, 1] : [1, 2]
  await row(newer).getByRole('button', { name: 'Promote' }).click()
  await row(newer).getByText('Promoted').waitFor(PATIENT)
  await page.goto('/start/greet')
  await button(page, 'Start').click()
  await page.getByText(`greet, version ${newer}`).waitFor(PATIENT)
  await said(page, /^Completed in/).waitFor(PATIENT)
  await page.goto('/definitions')
  await row(older).getByRole('button', { name: 'Retire' }).click()
  await row(older)
    .getByText(/^Retired/)
    .waitFor(PATIENT)
  await context.close()
}

/** What runs by cron is added, paused, goes on and is removed; where it was refused, it says why. */
export async function schedules(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser)
  await page.getByRole('link', { name: 'Schedules' }).click()
  await button(page, 'Add a schedule').click()
  await field(page, 'Name').fill('nightly-wait')
  await page.getByRole('combobox', { name: 'Starts' }).selectOption('Wait for a file')
  await page.getByRole('combobox', { name: 'Time zone' }).selectOption('Europe/Zurich')
  await field(page, 'When').fill('30 2 * *')
  await field(page, 'Path').fill(join(site.folder, 'nightly'))
  await button(page, 'Add the schedule').click()
  await page.getByRole('alert').getByText('cron has five fields').waitFor(PATIENT)
  await field(page, 'When').fill('30 2 * * 1-5')
  await button(page, 'Add the schedule').click()
  const row = page.getByRole('row', { name: /^nightly-wait/ })
  await row.getByText('On', { exact: true }).waitFor(PATIENT)
  expect(await site.client.schedules()).toMatchObject([
    { definition: 'waits', timeZone: 'Europe/Zurich', principal: { id: 'service:scheduler' } },
  ])
  expect(await row.textContent()).toContain('30 2 * * 1-5')
  await button(page, 'Pause nightly-wait').click()
  await row.getByText('Paused').waitFor(PATIENT)
  await button(page, 'Go on nightly-wait').click()
  await row.getByText('On', { exact: true }).waitFor(PATIENT)
  // Its time does not come within a test: what the server would say of it then is put into its answer.
  await page.route('**/api/v1/schedules', async (route) => {
    const response = await route.fetch()
    const body: { schedules: object[] } = await response.json()
    const problem = { code: 'definition-retired', title: 'It is retired', detail: '', dueAt: new Date().toISOString() }
    await route.fulfill({ response, json: { schedules: body.schedules.map((one) => ({ ...one, problem })) } })
  })
  await row.getByText('Refused now: It is retired').waitFor(PATIENT)
  await page.unroute('**/api/v1/schedules')
  await button(page, 'Remove nightly-wait').click()
  await button(page, 'Remove the schedule').click()
  await page.getByText('Nothing runs by itself').waitFor(PATIENT)
  await context.close()
}

/** A file that is too large is refused before any of it is sent. */
export async function tooLarge(site: Site, browser: Browser): Promise<void> {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/uploads')) sent.push(request.method())
  })
  const note = (text: string) => ({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from(text) })
  await page.goto('/start/keeps')
  await page.getByLabel('Note').setInputFiles(note('much too long'))
  await page.getByRole('alert').getByText('It has 13 B; at most 10 B are taken.').waitFor(PATIENT)
  await button(page, 'Start').click()
  await page.getByLabel('Note').setInputFiles(note('short'))
  expect(sent).toEqual([])
  await button(page, 'Start').click()
  await said(page, /^Completed in/).waitFor(PATIENT)
  expect(sent).toContain('POST')
  await context.close()
}

/** Whoever runs the service sees at which steps of which tasks its workers are. */
export async function workersAtWork(site: Site, browser: Browser): Promise<void> {
  const gate = join(site.folder, 'gate-of-workers')
  const input = { course: SAMPLE_KEYS.course, gate, mended: gate }
  const { id } = await site.as('ada').submit({ definition: 'letters', input })
  const { context, page } = await signIn(site, browser)
  // What could not be read is not told as if nothing were there.
  await page.route('**/api/v1/storage', (route) =>
    route.fulfill({ status: 403, contentType: 'application/problem+json', json: { title: 'Not today', status: 403 } }),
  )
  await page.getByRole('link', { name: 'Service' }).click()
  const storage = page.getByRole('region', { name: 'Storage in use' })
  await storage.getByText('Not today').waitFor(PATIENT)
  expect(await storage.getByText('No outputs are kept.').count()).toBe(0)
  const held = page.getByRole('region', { name: 'Workers' }).locator('li', { hasText: 'Write each letter, ' })
  await held.first().waitFor(PATIENT)
  expect(await held.first().textContent()).toMatch(/^Write to everyone: Write each letter, \d slices?, for /)
  await held.first().getByRole('link', { name: 'Write to everyone' }).click()
  await page.waitForURL(`**/tasks/${id}`)
  await page.getByRole('link', { name: 'Definitions' }).click()
  await page
    .getByRole('region', { name: 'letters' })
    .getByRole('link', { name: /^\d+ open/ })
    .click()
  await page.locator(`a[href="/tasks/${id}"]`).click()
  await writeFile(gate, '')
  await said(page, /^Completed in/).waitFor(PATIENT)
  await context.close()
}

/** What is new is counted where it is asked for, and is there when one comes back to the list. */
export async function newInTheList(site: Site, browser: Browser): Promise<void> {
  const ada = site.as('ada')
  const { context, page: holder } = await signIn(site, browser, { as: 'ada' })
  // It has the feed, which has begun: from now on what changes is told, and the list is not read for another reason.
  await holder.addInitScript(
    `new BroadcastChannel('errand-feed ada').onmessage = ({ data }) => { if (data.type === 'begun') window.feedBegun = true }`,
  )
  await holder.goto('/preferences')
  await expect.poll(() => holder.evaluate('window.feedBegun === true'), PATIENT).toBe(true)
  const page = await context.newPage()
  await page.goto('/?definition=refuses&state=failed')
  await page.locator('main li').or(page.getByText('Nothing matches')).first().waitFor(PATIENT)
  const waits = await ada.submit({ definition: 'waits', input: { path: join(site.folder, 'not-asked-for') } })
  await expect.poll(async () => (await ada.task(waits.id)).state, PATIENT).toBe('running')
  const failed = await ada.submit({ definition: 'refuses', input: { path: join(site.folder, 'nowhere') } })
  await button(page, '1 new task: show it').click()
  const newest = page.locator('main li').first().getByRole('link').first()
  await expect.poll(() => newest.getAttribute('href'), PATIENT).toBe(`/tasks/${failed.id}`)

  await page.getByRole('link', { name: 'Tasks', exact: true }).click()
  await page.locator(`a[href="/tasks/${waits.id}"]`).waitFor(PATIENT)
  await page.getByRole('link', { name: 'Start', exact: true }).click()
  await page.getByRole('heading', { name: 'Start a task' }).waitFor(PATIENT)
  await page.getByRole('link', { name: 'Wait for a file' }).click()
  await field(page, 'Path').fill(join(site.folder, 'not-listed-yet'))
  await button(page, 'Start').click()
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  await button(page, 'Cancel').click()
  await button(page, 'Cancel the task').click()
  await said(page, /^Canceled after/).waitFor(PATIENT)
  const { pathname } = new URL(page.url())
  await page.getByRole('link', { name: 'Tasks', exact: true }).click()
  await expect.poll(() => newest.getAttribute('href'), PATIENT).toBe(pathname)
  await ada.cancel(waits.id)
  await context.close()
}

/** What a task is about narrows the list down to what is about the same. */
export async function aboutOne(site: Site, browser: Browser): Promise<void> {
  const there = join(site.folder, 'about')
  await writeFile(there, '')
  for (const course of [SAMPLE_KEYS.course, 'course-v1:Errand+Other+1']) {
    await site.as('ada').submit({ definition: 'letters', input: { course, people: 1, gate: there, mended: there } })
  }
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.getByRole('link', { name: 'course-v1:Errand+Other+1' }).click()
  const about = page.getByRole('combobox', { name: 'About' })
  await about.waitFor(PATIENT)
  expect(new URL(page.url()).searchParams.get('scope')).toBe('course:course-v1:Errand+Other+1')
  await expect.poll(() => page.locator('main li').count(), PATIENT).toBe(1)
  await about.selectOption('About anything')
  await page.getByRole('link', { name: SAMPLE_KEYS.course }).first().waitFor(PATIENT)
  expect(await about.count()).toBe(0)
  await context.close()
}

/** A task fails while its owner is on another page: the bell says so, and the inbox leads to it. */
export async function bell(site: Site, browser: Browser): Promise<void> {
  await site.as('ada').api.POST('/api/v1/notifications/read', { body: { ids: 'all' } })
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.clock.install()
  await page.goto('/preferences')
  await page.getByRole('heading', { name: 'What you are told' }).waitFor(PATIENT)
  await site.as('ada').submit({ definition: 'refuses', input: { path: join(site.folder, 'not-there') } })
  const rings = page.getByRole('link', { name: 'Inbox, 1 unread' })
  await rings.waitFor(PATIENT)
  await rings.click()
  // Time goes on while one looks.
  await page.locator('li[data-unread]').getByText('now', { exact: true }).waitFor(PATIENT)
  await page.clock.fastForward('05:30')
  await page.locator('li[data-unread]').getByText('5 minutes ago').waitFor(PATIENT)
  await page.locator('li[data-unread]').getByRole('link').click()
  await page.getByRole('region', { name: 'The file is not there' }).waitFor(PATIENT)
  await page.getByRole('link', { name: 'Inbox', exact: true }).waitFor(PATIENT)
  await context.close()
}

/** The server is killed and started again while the page is open: it says so, comes back, and was not loaded anew. */
export async function restart(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser)
  const path = join(site.folder, 'never-there')
  const task = await site.client.submit({ definition: 'waits', input: { path } })
  await page.goto(`/tasks/${task.id}`)
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  await page.evaluate(() => Reflect.set(globalThis, 'notReloaded', true))
  await site.kill()
  await page.getByText('The connection is lost').waitFor(PATIENT)
  await site.start()
  const ended = site.client.cancel(task.id)
  await page.getByText('The connection is lost').waitFor({ state: 'detached', ...PATIENT })
  await ended
  await said(page, /^Canceled after/).waitFor(PATIENT)
  expect(await page.evaluate(() => Reflect.get(globalThis, 'notReloaded'))).toBe(true)
  await context.close()
}

/** A task is canceled, and run again with its form filled. */
export async function cancel(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser, { as: 'ada' })
  const path = join(site.folder, 'never')
  await page.goto('/start/waits')
  await field(page, 'Path').fill(path)
  await button(page, 'Start').click()
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  await button(page, 'Cancel').click()
  await button(page, 'Cancel the task').click()
  await said(page, /^Canceled after/).waitFor(PATIENT)
  await button(page, 'Run again with changes').click()
  await expect.poll(() => field(page, 'Path').inputValue()).toBe(path)
  await context.close()
}

/** A failure says what happened, what to do and what to quote; a retry is a new task, and works once it is mended. */
export async function retry(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser, { as: 'ada' })
  const needed = join(site.folder, 'needed')
  await page.goto('/start/refuses')
  await field(page, 'Path').fill(needed)
  await button(page, 'Start').click()
  const card = page.getByRole('region', { name: 'The file is not there' })
  await card.waitFor(PATIENT)
  await expect.poll(() => card.textContent()).toContain('Put it there.')
  expect(await card.textContent()).toMatch(/Reference, for support: \S+/)
  expect(await page.title()).toMatch(/^✗ /)
  const before = page.url()
  await writeFile(needed, '')
  await button(page, 'Retry').click()
  await page.waitForURL((url) => url.href !== before)
  await said(page, /^Completed in/).waitFor(PATIENT)
  await context.close()
}

/** A read of the task comes late, when the feed has told that it is over already: what is shown does not go back. */
export async function lateRead(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser, { as: 'ada' })
  const path = join(site.folder, 'late')
  const { id } = await site.as('ada').submit({ definition: 'waits', input: { path } })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let earlier: Promise<APIResponse> | undefined
  await page.route(`**/api/v1/tasks/${id}`, async (route) => {
    earlier ??= route.fetch()
    const response = await earlier
    await released
    // Whoever asked may have stopped waiting.
    await route.fulfill({ response }).catch(() => {})
  })
  // The page that holds the feed tells the others of this browser when it begins. What is before that is told to nobody.
  await page.addInitScript(
    `new BroadcastChannel('errand-feed ada').onmessage = ({ data }) => { if (data.type === 'begun') window.feedBegun = true }`,
  )
  await page.goto(`/tasks/${id}`)
  await expect.poll(() => earlier !== undefined, PATIENT).toBe(true)
  await expect.poll(() => page.evaluate('window.feedBegun === true'), PATIENT).toBe(true)
  expect(await (await earlier)?.json()).toMatchObject({ finishedAt: null })
  await writeFile(path, '')
  await said(page, /^Completed in/).waitFor(PATIENT)
  const [late] = await Promise.all([page.waitForResponse((response) => response.url().endsWith(id)), release()])
  await late.finished()
  // Two frames: what came with the response is on the screen.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  await said(page, /^Completed in/).waitFor(PATIENT)
  await context.close()
}

/** The task is over before the feed begins, and what was read before that comes after it: it is read once more. */
export async function earlyRead(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser, { as: 'ada' })
  const path = join(site.folder, 'early')
  const { id } = await site.as('ada').submit({ definition: 'waits', input: { path } })
  const over = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  let first: APIResponse | undefined
  await page.route(`**/api/v1/tasks/${id}`, async (route) => {
    const response = await route.fetch()
    first ??= response
    if (response === first) await begun.promise
    await route.fulfill({ response }).catch(() => {})
  })
  await page.route('**/api/v1/events', async (route) => {
    await over.promise
    await route.continue()
  })
  await page.addInitScript(
    `new BroadcastChannel('errand-feed ada').onmessage = ({ data }) => { if (data.type === 'begun') window.feedBegun = true }`,
  )
  await page.goto(`/tasks/${id}`)
  await expect.poll(() => first !== undefined, PATIENT).toBe(true)
  expect(await first?.json()).toMatchObject({ finishedAt: null })
  await writeFile(path, '')
  await expect.poll(async () => (await site.as('ada').task(id)).state, PATIENT).toBe('completed')
  over.resolve()
  await expect.poll(() => page.evaluate('window.feedBegun === true'), PATIENT).toBe(true)
  begun.resolve()
  await said(page, /^Completed in/).waitFor(PATIENT)
  await context.close()
}

/** What the front page reads first is asked for with the document, and not again by the app. */
export async function firstReads(site: Site, browser: Browser): Promise<void> {
  const { page, context } = await signIn(site, browser, { as: 'ada' })
  const path = join(site.folder, 'there')
  await writeFile(path, '')
  await site.as('ada').submit({ definition: 'waits', input: { path } })
  // Once the feed begins, what was read before is read again.
  await page.route('**/api/v1/events', (route) => route.abort())
  await page.goto('/')
  await page.locator('main li').first().waitFor(PATIENT)
  const asked = await page.evaluate<string[]>(
    `performance.getEntriesByType('resource').map(({ initiatorType, name }) => initiatorType + ' ' + name)`,
  )
  for (const path of ['/api/v1/me', '/api/v1/tasks?limit=50']) {
    expect(asked.filter((one) => one.endsWith(path))).toEqual([`link ${site.address}${path}`])
  }
  await context.close()
}

/** Tries one of them; where it fails, the words on every page that is open say more than that time ran out. */
export async function tryFlow(flow: Flow, site: Site, browser: Browser): Promise<void> {
  try {
    await flow(site, browser)
  } catch (error) {
    for (const context of browser.contexts()) {
      for (const page of context.pages()) {
        console.error(`${page.url()}\n${await page.locator('body').ariaSnapshot()}`)
      }
      await context.close()
    }
    throw error
  }
}

type Flow = (site: Site, browser: Browser) => Promise<void>

/** In this order: a later one may need what an earlier one has left. */
export const flows: readonly [what: string, flow: Flow][] = [
  ['a course is imported by the form; its upload breaks off, and goes on after a reload', importCourse],
  ['an export is taken by its owner who comes back with another browser', exportCourse],
  ['a task is canceled, and then run again with its form filled', cancel],
  ['a failure says what to do, and a retry works once that is done', retry],
  ['many items are paused, go on, and those that failed are done again', failedItems],
  ['a file for one download is gone after it', useOnce],
  ['a team mate sees the file and may not delete it; a stranger finds nothing', teamAndStranger],
  ['a newer version is promoted, and the older one retired', promoteAndRetire],
  ['a schedule is added, paused, goes on and is removed', schedules],
  ['a file that is too large is not sent', tooLarge],
  ['the page of the service says at which steps the workers are', workersAtWork],
  ['what is new in the list is counted where it is asked for, and is there for whoever comes back', newInTheList],
  ['the list is narrowed down to what is about the same course', aboutOne],
  ['the front page asks once for what it reads first, before its scripts are there', firstReads],
  ['what the feed told is not taken back by a read that comes late', lateRead],
  ['what ended before the feed began is shown, though the read of it came late', earlyRead],
  ['the bell says that a task has ended, and leads to it', bell],
  ['the server is killed and started again while the page is open', restart],
]
