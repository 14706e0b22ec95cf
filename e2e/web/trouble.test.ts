import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { PATIENT, said } from './flows.ts'
import { openSite, type Site, signIn } from './site.ts'

/** What goes wrong while a page is open takes nothing away that is on it. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort() }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

const field = (page: Page, name: string) => page.getByRole('textbox', { name })

const fault = (route: Route) =>
  route.fulfill({
    status: 500,
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'x', title: 'A fault', status: 500, detail: '', code: 'internal' }),
  })

/** A connection that says one thing, and ends. */
const cutFeed = (route: Route) =>
  route.fulfill({ contentType: 'text/event-stream', body: 'event: inbox\ndata: {"unread":0}\n\n' })

test('a form stays as it was typed when it cannot be read again, and when its session ends', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const typed = Promise.withResolvers<void>()
  const signedOut = Promise.withResolvers<void>()
  const answers = [cutFeed, fault, cutFeed]
  await page.route('**/api/v1/events', async (route) => {
    await typed.promise
    const answer = answers.shift()
    if (answer !== undefined) return answer(route)
    await signedOut.promise
    await route.continue()
  })
  await page.goto('/start/waits')
  const path = join(site.folder, 'typed')
  await field(page, 'Path').fill(path)

  let failures = 0
  await page.route('**/api/v1/definitions', (route) => {
    failures += 1
    return fault(route)
  })
  typed.resolve()
  // A fault does not end the feed: it comes back, and with it everything is read again.
  await expect.poll(() => [failures > 0, answers.length], PATIENT).toEqual([true, 0])
  // Two frames: what came with the response is on the screen.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  expect(await field(page, 'Path').inputValue()).toBe(path)
  await page.unroute('**/api/v1/definitions')

  await page.evaluate(`fetch('/api/v1/session', { method: 'DELETE' }).then(() => undefined)`)
  signedOut.resolve()
  const gone = page.getByText('You are not signed in any more')
  await gone.waitFor(PATIENT)
  expect(await page.getByText('The connection is lost').count()).toBe(0)
  const other = await context.newPage()
  const { data } = await site.as('ada').api.POST('/api/v1/session/links')
  await other.goto(data?.link ?? '')
  await other.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor(PATIENT)
  await page.getByRole('button', { name: 'I have signed in' }).click()
  await gone.waitFor({ state: 'detached', ...PATIENT })
  expect(await field(page, 'Path').inputValue()).toBe(path)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  // The page is told again what happens.
  await site.as('ada').cancel(new URL(page.url()).pathname.replace('/tasks/', ''))
  await said(page, /^Canceled after/).waitFor(PATIENT)
  await context.close()
})

test('a number with decimals is typed, and sent by a page that came over plain http', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.addInitScript('delete Crypto.prototype.randomUUID')
  await page.goto('/start/grade-report')
  await field(page, 'Course').fill('course-v1:Errand+T+1')
  await field(page, 'Unreadable').clear()
  await field(page, 'Unreadable').pressSequentially('0.05')
  const [request] = await Promise.all([
    page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/api/v1/tasks'), PATIENT),
    page.getByRole('button', { name: 'Start', exact: true }).click(),
  ])
  expect(request.postDataJSON()).toMatchObject({ input: { unreadable: 0.05 } })
  await context.close()
})

test('a next page that cannot be read is asked for once, and again when somebody wants it', async () => {
  const ada = site.as('ada')
  const { id } = await ada.submit({ definition: 'waits', input: { path: join(site.folder, 'on-the-first-page') } })
  const { context, page: holder } = await signIn(site, browser, { as: 'ada' })
  // It has the feed, which has begun: what changes is told, and the list is not read for another reason.
  await holder.addInitScript(
    `new BroadcastChannel('errand-feed ada').onmessage = ({ data }) => { if (data.type === 'begun') window.feedBegun = true }`,
  )
  await holder.goto('/preferences')
  await expect.poll(() => holder.evaluate('window.feedBegun === true'), PATIENT).toBe(true)
  const page = await context.newPage()
  let read = 0
  let asked = 0
  let faulty = true
  await page.route('**/api/v1/tasks?*', async (route) => {
    if (!route.request().url().includes('page_token=')) {
      const response = await route.fetch()
      read += 1
      return route.fulfill({ response, json: { ...(await response.json()), nextPageToken: 'next' } })
    }
    asked += 1
    return faulty ? fault(route) : route.fulfill({ json: { tasks: [], nextPageToken: null } })
  })
  await page.goto('/?definition=waits')
  // At first, and once more as it is told changes from then on.
  await expect.poll(() => read, PATIENT).toBe(2)
  await page.getByRole('alert').filter({ hasText: 'A fault' }).waitFor(PATIENT)
  // A row that changes is no reason to ask again.
  const before = asked
  expect(before).toBeLessThanOrEqual(2)
  await ada.cancel(id)
  await page.locator('main li', { hasText: 'Canceled' }).first().waitFor(PATIENT)
  expect(asked).toBe(before)
  faulty = false
  await page.getByRole('button', { name: 'Try again' }).click()
  await page
    .getByRole('alert')
    .getByText('A fault')
    .waitFor({ state: 'detached', ...PATIENT })
  expect(asked).toBe(before + 1)
  await context.close()
})

test('two people on one browser are told their own, and a page of one becomes a page of the other', async () => {
  const { context, page: leading } = await signIn(site, browser, { as: 'ada' })
  const isBen = Promise.withResolvers<void>()
  // Its connection is begun as whoever is there by then.
  await leading.route('**/api/v1/events', async (route) => {
    await isBen.promise
    await route.continue()
  })
  await leading.goto('/preferences')
  const ada = leading.getByRole('button', { name: 'Ada Okafor' })
  await ada.waitFor(PATIENT)
  const [following, bens] = [await context.newPage(), await context.newPage()]
  await following.goto('/?owner=ada')
  await following.getByRole('button', { name: 'Ada Okafor' }).waitFor(PATIENT)

  const { data } = await site.as('ben').api.POST('/api/v1/session/links')
  let read = 0
  bens.on('response', (response) => {
    if (response.url().includes('/api/v1/tasks?')) read += 1
  })
  await bens.goto(data?.link ?? '')
  // At first, and once more as the feed begins: from then on what is new is counted.
  await expect.poll(() => read, PATIENT).toBe(2)
  const path = join(site.folder, 'two-people')
  for (const news of ['1 new task: show it', '2 new tasks: show them']) {
    await site.as('ada').submit({ definition: 'waits', input: { path } })
    await site.as('ben').submit({ definition: 'waits', input: { path } })
    await bens.getByRole('button', { name: news }).waitFor(PATIENT)
  }

  // A page that somebody comes back to, and then one that nobody does.
  await following.evaluate(`dispatchEvent(new Event('visibilitychange'))`)
  await following.getByRole('button', { name: 'Ben Lind' }).waitFor(PATIENT)
  isBen.resolve()
  await leading.getByRole('button', { name: 'Ben Lind' }).waitFor(PATIENT)
  // For the next test there is a place again.
  await writeFile(path, '')
  await context.close()
})

test('a page that comes to a feed of another page misses nothing from between its reading and its listening', async () => {
  const ada = site.as('ada')
  const { id } = await ada.submit({ definition: 'waits', input: { path: join(site.folder, 'between') } })
  const { context, page: leading } = await signIn(site, browser, { as: 'ada' })
  await leading.goto(`/tasks/${id}`)
  await said(leading, 'Step 2 of 2: Wait').waitFor(PATIENT)
  const following = await context.newPage()
  const over = Promise.withResolvers<void>()
  await following.route('**/api/v1/me', async (route) => {
    await over.promise
    await route.continue()
  })
  await Promise.all([
    following.waitForResponse(`**/api/v1/tasks/${id}`, PATIENT),
    following.goto(`/tasks/${id}`, { waitUntil: 'commit' }),
  ])
  await ada.cancel(id)
  await said(leading, /^Canceled after/).waitFor(PATIENT)
  over.resolve()
  await said(following, /^Canceled after/).waitFor(PATIENT)
  await context.close()
})

test('a task that is deleted elsewhere leaves the lists, and its page says that there is none', async () => {
  const ada = site.as('ada')
  const { id } = await ada.submit({ definition: 'waits', input: { path: join(site.folder, 'deleted') } })
  await ada.cancel(id)
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.goto(`/tasks/${id}`)
  await said(page, /^Canceled after/).waitFor(PATIENT)
  const list = await context.newPage()
  await list.goto('/')
  const row = list.locator(`a[href="/tasks/${id}"]`)
  await row.waitFor(PATIENT)
  await ada.deleteTask(id)
  await row.waitFor({ state: 'detached', ...PATIENT })
  await page.getByRole('alert').getByText('There is no such task').waitFor(PATIENT)
  await context.close()
})
