import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { PATIENT } from './flows.ts'
import { openSite, type Site, signIn } from './site.ts'

/** The elements on a page of the platform: one script, no framework, under the address that Errand is served at, too. */

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

const STYLES = '<style>errand-start, errand-task { --errand-accent: rgb(120, 0, 80); --errand-radius: 3px }</style>'

/** Shows a page of the platform's with these elements in it. */
async function show(page: Page, elements: string): Promise<void> {
  await page.route('**/platform', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>Course</title>${STYLES}<script type="module" src="${site.address}/embed.js"></script><h1>A course</h1>${elements}`,
    }),
  )
  await page.goto(`${site.address}/platform`)
}

test('a task is started by its button, followed, and its file taken, in the colours of the page', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await show(page, `<errand-start definition="secret" input='{"name":"ada"}'>Make my key</errand-start>`)
  const start = page.getByRole('button', { name: 'Make my key' })
  await start.waitFor(PATIENT)
  const look = (property: string) =>
    page.evaluate<string>(
      `getComputedStyle(document.querySelector('errand-start').shadowRoot.querySelector('button')).${property}`,
    )
  expect([await look('backgroundColor'), await look('borderRadius')]).toEqual(['rgb(120, 0, 80)', '3px'])
  await start.focus()
  await page.keyboard.press('Enter')
  await page
    .getByRole('status')
    .getByText(/^Completed in/)
    .waitFor(PATIENT)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download ada.key' }).click(),
  ])
  expect(await text(await download.createReadStream())).toBe('key of ada\n')
  await context.close()
})

test('what is refused says why, without a word of markup from anybody', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const evil = '&lt;img src=x onerror=alert(1)&gt;'
  await show(
    page,
    `<errand-start definition="letters" input='{"course":1}'>Write</errand-start>
     <errand-task task="01890000-0000-7000-8000-000000000000"></errand-task>
     <errand-start definition="${evil}" input='{}'>Evil</errand-start>
     <errand-start definition="course.import">Import a course</errand-start>`,
  )
  await page.getByText('There is no such task').waitFor(PATIENT)
  await page.getByRole('button', { name: 'Write' }).click()
  await page.getByRole('alert').getByText(/./).first().waitFor(PATIENT)
  await page.getByRole('button', { name: 'Evil' }).click()
  await expect.poll(() => page.getByRole('alert').filter({ hasText: /./ }).count(), PATIENT).toBe(2)
  expect(await page.locator('img').count()).toBe(0)
  // What needs a file leads to the form.
  const form = page.getByRole('link', { name: 'Import a course' })
  expect(await form.getAttribute('href')).toBe(`${site.address}/start/course.import`)
  await context.close()
})

test('where one is running already there is a way to it', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.route('**/api/v1/tasks', (route) =>
    route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      body: JSON.stringify({ title: 'One is running already', task: '01890000-0000-7000-8000-000000000000' }),
    }),
  )
  await show(page, `<errand-start definition="letters" input='{}'>Write</errand-start>`)
  const start = page.getByRole('button', { name: 'Write' })
  await start.focus()
  await page.keyboard.press('Enter')
  const running = page.getByRole('alert').getByRole('link', { name: 'Open the one that is running' })
  await running.waitFor(PATIENT)
  expect(await running.getAttribute('href')).toBe(`${site.address}/tasks/01890000-0000-7000-8000-000000000000`)
  expect(await start.evaluate((button) => button.matches(':focus'))).toBe(true)
  await context.close()
})

test('what has the focus keeps it, and what is read out stays, while the task goes on', async () => {
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const there = join(site.folder, 'kept')
  await show(page, `<errand-start definition="waits" input='${JSON.stringify({ path: there })}'>Wait</errand-start>`)
  await page.getByRole('button', { name: 'Wait' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('Step 2 of 2').waitFor(PATIENT)
  // From the button, which is gone, to what came in its place.
  await page.keyboard.press('Tab')
  const details = page.getByRole('link', { name: 'Details' })
  const hasFocus = () => details.evaluate((link) => link.matches(':focus'))
  expect(await hasFocus()).toBe(true)
  const status = await page.getByRole('status').elementHandle()
  await writeFile(there, '')
  await page.getByRole('status').getByText('Completed in').waitFor(PATIENT)
  expect(await hasFocus()).toBe(true)
  expect(await status?.textContent()).toMatch(/^Completed in/)
  await context.close()
})

test('whoever is not signed in is told so', async () => {
  const { id } = await site.as('ada').submit({ definition: 'secret', input: { name: 'ben' } })
  const nobody = await browser.newContext()
  const page = await nobody.newPage()
  await show(page, `<errand-task task="${id}"></errand-task>`)
  await page.getByText(/sign/i).first().waitFor(PATIENT)
  await nobody.close()
})

test('any number of elements, on any number of pages, share one connection, and each is told', async () => {
  const there = join(site.folder, 'shared')
  const ada = site.as('ada')
  // More than the connections that a browser allows to a server.
  const tasks = await Promise.all(
    Array.from({ length: 7 }, () => ada.submit({ definition: 'waits', input: { path: there } })),
  )
  const elements = tasks.map(({ id }) => `<errand-task task="${id}"></errand-task>`).join('')
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  await page.goto('about:blank')
  const feeds: string[] = []
  context.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.endsWith('/events')) feeds.push(pathname)
  })
  const other = await context.newPage()
  for (const one of [page, other]) {
    await show(one, elements)
    await expect.poll(() => one.getByText('Wait for a file').count(), PATIENT).toBe(7)
  }
  // Who is there is asked first.
  await expect.poll(() => feeds, PATIENT).toEqual(['/api/v1/events'])
  // One page has it, and the other stands in line.
  const line = () =>
    other.evaluate<number[]>('navigator.locks.query().then(({ held, pending }) => [held.length, pending.length])')
  await expect.poll(line, PATIENT).toEqual([1, 1])
  expect(feeds).toEqual(['/api/v1/events'])
  await writeFile(there, '')
  // A page whose tasks are all over has no more use for it: the other may take over and read the last anew.
  for (const one of [page, other]) {
    await expect.poll(() => one.getByText(/^Completed in/).count(), PATIENT).toBe(7)
  }
  await context.close()
})

test('an element goes on when the page that had the connection is closed', async () => {
  const there = join(site.folder, 'handed-on')
  const { id } = await site.as('ada').submit({ definition: 'waits', input: { path: there } })
  const { context, page } = await signIn(site, browser, { as: 'ada' })
  const begun = page.waitForResponse('**/api/v1/events')
  await page.goto('/inbox')
  await begun
  const other = await context.newPage()
  await show(other, `<errand-task task="${id}"></errand-task>`)
  await other.getByText('Wait for a file').waitFor(PATIENT)
  await page.close()
  await writeFile(there, '')
  await other.getByText(/^Completed in/).waitFor(PATIENT)
  await context.close()
})
