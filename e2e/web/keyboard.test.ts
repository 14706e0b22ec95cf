import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { PATIENT, said } from './flows.ts'
import { openSite, type Site, signIn } from './site.ts'

/** Everything that can be done, by keyboard alone: no test here moves a mouse or names what has the focus by itself. */

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

let site: Site
let browser: Browser
let context: BrowserContext
let page: Page
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort() }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})
beforeEach(async () => {
  ;({ context, page } = await signIn(site, browser, { as: 'ada', options: { locale: 'en-US' } }))
})
afterEach(() => context.close())

const press = (key: string) => page.keyboard.press(key)

/** Goes on by Tab until what has this name has the focus, and is seen to have it. */
async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await press('Tab')
    const focused = await page.evaluate<string>(
      `(({ labels, ariaLabel, textContent }) => (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim())(document.activeElement)`,
    )
    if (!focused.startsWith(name)) continue
    expect(await page.evaluate<boolean>(`document.activeElement.matches(':focus-visible')`)).toBe(true)
    return
  }
  throw new Error(`No Tab leads to ${name}`)
}

async function pressed(name: string): Promise<void> {
  await tabTo(name)
  await press('Enter')
}

/** What has the focus: its id, or what it is; `body` where the keyboard has lost its place. */
const place = () => page.evaluate<string>('document.activeElement.id || document.activeElement.localName')

const dialog = () => page.getByRole('dialog')
const heading = (name: string) => page.getByRole('heading', { name, level: 1 }).waitFor(PATIENT)

test('a task is started, canceled and found again by keyboard', async () => {
  await tabTo('Skip to the content')
  await press('Enter')
  await tabTo('Start a task')
  await press('Enter')
  await page.getByRole('heading', { name: 'Start a task' }).waitFor(PATIENT)
  await tabTo('Wait for a file')
  await press('Enter')
  await page.getByRole('heading', { name: 'Wait for a file' }).waitFor(PATIENT)
  await tabTo('Path')
  await page.keyboard.type(join(site.folder, 'by-keyboard'))
  await press('Enter')
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  await tabTo('Cancel')
  await press('Enter')
  await page.getByRole('dialog').waitFor(PATIENT)
  await press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached', ...PATIENT })
  // Back where one was.
  const focused = () => page.evaluate<string>('document.activeElement.textContent')
  await expect.poll(focused, PATIENT).toBe('Cancel')
  await press('Enter')
  await page.getByRole('dialog').waitFor(PATIENT)
  await tabTo('Cancel the task')
  await press('Enter')
  await said(page, /^Canceled after/).waitFor(PATIENT)
  // What cannot be done can be reached, and says why.
  await page.reload()
  await said(page, /^Canceled after/).waitFor(PATIENT)
  await tabTo('Cancel')
  await page.getByRole('tooltip', { name: 'It is over' }).waitFor(PATIENT)
})

test('a task that failed is run again, and deleted', async () => {
  const path = join(site.folder, 'needed-by-keyboard')
  const { id } = await site.as('ada').submit({ definition: 'refuses', input: { path } })
  await page.goto(`/tasks/${id}`)
  await page.getByRole('region', { name: 'The file is not there' }).waitFor(PATIENT)
  await writeFile(path, '')
  await pressed('Retry')
  await page.waitForURL((url) => url.pathname.startsWith('/tasks/') && !url.pathname.endsWith(id), PATIENT)
  await said(page, /^Completed in/).waitFor(PATIENT)
  await pressed('Delete')
  await dialog().waitFor(PATIENT)
  await press('Escape')
  await dialog().waitFor({ state: 'detached', ...PATIENT })
  await press('Enter')
  await dialog().waitFor(PATIENT)
  await pressed('Delete the task')
  await heading('Tasks')
  const { tasks } = await site.as('ada').tasks({ definition: 'refuses' })
  expect(tasks.map((task) => task.id)).toEqual([id])
})

test('a file is downloaded, kept longer and deleted', async () => {
  const ready = join(site.folder, 'ready')
  await writeFile(ready, '')
  const input = { course: 'course-v1:Errand+K+1', people: 3, gate: ready, mended: ready }
  const { id } = await site.client.submit({ definition: 'letters', input })
  await site.client.api.PUT('/api/v1/memberships', {
    body: { principal: 'ada', scope: 'course:course-v1:Errand+K+1', role: 'staff' },
  })
  await page.goto(`/tasks/${id}`)
  await said(page, /^Completed in/).waitFor(PATIENT)
  await tabTo('Download')
  const [download] = await Promise.all([page.waitForEvent('download'), press('Enter')])
  expect(await text(await download.createReadStream())).toContain('person-00000')
  await page.getByText(/, in 29 days$/).waitFor(PATIENT)
  await pressed('Keep 30 days longer')
  await page.getByText(/, in 59 days$/).waitFor(PATIENT)
  // The button has kept the focus while it was at work, in which it is not pressed again.
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached', ...PATIENT })
  await press('Enter')
  await page.getByText(/, in 89 days$/).waitFor(PATIENT)
  await pressed('Delete letters.csv')
  await dialog().waitFor(PATIENT)
  await pressed('Delete the file')
  await page.getByText(/^Deleted on/).waitFor(PATIENT)
})

test('the list is narrowed down by words, state, kind and day, and shown as a whole again', async () => {
  const asked = (parts: Record<string, string>) =>
    page.waitForURL(
      ({ searchParams }) => Object.entries(parts).every(([name, value]) => searchParams.get(name)?.includes(value)),
      PATIENT,
    )
  await tabTo('Search')
  await page.keyboard.type('nothing like it')
  await page.getByText('Nothing matches').waitFor(PATIENT)
  await asked({ q: 'nothing like it' })
  await tabTo('State')
  await page.keyboard.type('Fail')
  await asked({ state: 'failed' })
  await tabTo('Kind')
  await page.keyboard.type('Wait for')
  await asked({ definition: 'waits' })
  await tabTo('From')
  await page.keyboard.type('01022026')
  await asked({ from: '2026-01-02' })
  await pressed('Clear')
  await page.waitForURL(({ search }) => search === '', PATIENT)
  // There is nothing more to clear, and so no such button.
  await expect.poll(place, PATIENT).toBe('search')
})

test('several tasks are canceled, and deleted, at once', async () => {
  const ada = site.as('ada')
  for (const name of ['one', 'two']) {
    await ada.submit({ definition: 'waits', input: { path: join(site.folder, `several-${name}`) } })
  }
  await page.goto('/?definition=waits&state=running')
  await page.getByRole('checkbox').nth(1).waitFor(PATIENT)
  const select = async () => {
    for (const _ of ['one', 'two']) {
      await tabTo('Select Wait for a file')
      await press('Space')
    }
  }
  await select()
  // What came with the selection stands before it.
  await page.getByText('2 tasks selected').waitFor(PATIENT)
  await press('Shift+Tab')
  await pressed('Cancel 2 tasks')
  await dialog().getByText('Cancel 2 tasks?').waitFor(PATIENT)
  await pressed('Cancel 2 tasks')
  await page.getByText('Nothing matches').waitFor(PATIENT)
  await page.goto('/?definition=waits&state=canceled')
  await page.getByRole('checkbox').nth(1).waitFor(PATIENT)
  await tabTo('Select Wait for a file')
  await press('Space')
  await page.getByText('1 task selected').waitFor(PATIENT)
  await press('Shift+Tab')
  await pressed('Select all')
  await pressed('Delete ')
  await dialog().waitFor(PATIENT)
  await pressed('Delete ')
  await dialog().waitFor({ state: 'detached', ...PATIENT })
  const left = async () => (await ada.tasks({ definition: 'waits', state: ['canceled'] })).tasks.length
  await expect.poll(left, PATIENT).toBe(0)
  await expect.poll(place, PATIENT).toBe('main')
})

test('all of the inbox is marked as read', async () => {
  await site.as('ada').submit({ definition: 'refuses', input: { path: join(site.folder, 'nowhere') } })
  await page.goto('/inbox')
  const mark = page.getByRole('button', { name: 'Mark all as read' })
  await mark.waitFor(PATIENT)
  await pressed('Mark all as read')
  await mark.waitFor({ state: 'detached', ...PATIENT })
  await expect.poll(place, PATIENT).toBe('main')
})

test('what one is told, and by which way, is chosen; looks, and the way out, are in the menu', async () => {
  await pressed('Ada Okafor')
  await page.getByRole('menu').waitFor(PATIENT)
  for (let presses = 0; presses < 10; presses += 1) {
    if (await page.evaluate<boolean>(`document.activeElement.textContent === 'What you are told'`)) break
    await press('ArrowDown')
  }
  await press('Enter')
  await heading('What you are told')
  await tabTo('A task has failed, Mail')
  // By more than one key: each is saved, and the last one counts.
  await press('ArrowDown')
  await press('ArrowDown')
  const cadence = () => page.evaluate<string>('document.activeElement.value')
  await expect.poll(cadence, PATIENT).toBe('never')
  await page.getByText('Saved.').waitFor(PATIENT)
  expect(await cadence()).toBe('never')
  await tabTo('Language of messages')
  await page.keyboard.type('Deu')
  const read = async () => (await site.as('ada').api.GET('/api/v1/preferences')).data
  await expect.poll(async () => (await read())?.locale, PATIENT).toBe('de')
  const data = await read()
  expect(data?.preferences).toContainEqual({ kind: 'task.failed', channel: 'email', cadence: 'never' })
})

test('many items are paused, go on, and those that failed are done again', async () => {
  const gate = join(site.folder, 'gate-by-keyboard')
  const mended = `${gate}-mended`
  const input = { course: 'course-v1:Errand+K+2', gate, mended }
  const { id } = await site.as('ada').submit({ definition: 'letters', input })
  await page.goto(`/tasks/${id}`)
  await said(page, 'Step 1 of 1: Write each letter').waitFor(PATIENT)
  await pressed('Pause')
  await said(page, '(paused)').waitFor(PATIENT)
  await tabTo('Slices side by side')
  await page.keyboard.type('3')
  // Not before it is so.
  expect(await page.getByText('At most 3 side by side from now on.').count()).toBe(0)
  await press('Enter')
  await page.getByText('At most 3 side by side from now on.').waitFor(PATIENT)
  await pressed('Go on')
  await page.getByRole('button', { name: 'Pause' }).waitFor(PATIENT)
  // Not before: what is in hand ends all the same, and with it the button.
  await writeFile(gate, '')
  await said(page, /^Completed in .*, with errors$/).waitFor(PATIENT)
  await writeFile(mended, '')
  await pressed('Retry failed items')
  await page.waitForURL((url) => !url.pathname.endsWith(id), PATIENT)
  await said(page, /^Completed in [^,]*$/).waitFor(PATIENT)
})

test('staff promote and retire a version, and add, pause and remove a schedule', async () => {
  await context.close()
  ;({ context, page } = await signIn(site, browser, { options: { locale: 'en-US' } }))
  /** Of the buttons with this name, the one that can be pressed. */
  const pressedEnabled = async (name: string) => {
    for (let tries = 0; tries < 20; tries += 1) {
      await tabTo(name)
      if (await page.evaluate<boolean>(`document.activeElement.ariaDisabled === 'true'`)) continue
      return press('Enter')
    }
    throw new Error(`No ${name} can be pressed`)
  }
  await pressed('Definitions')
  await heading('Definitions')
  const row = (version: number) =>
    page.getByRole('region', { name: 'greet' }).getByRole('row', { name: new RegExp(`^${version}\\b`) })
  await row(2).getByText('Promoted').waitFor(PATIENT)
  await pressedEnabled('Promote')
  await row(1).getByText('Promoted').waitFor(PATIENT)
  await pressedEnabled('Retire')
  await row(2)
    .getByText(/^Retired/)
    .waitFor(PATIENT)
  await page.goto('/schedules')
  await heading('Schedules')
  await pressed('Add a schedule')
  await tabTo('Name')
  await page.keyboard.type('by-keyboard')
  await tabTo('Starts')
  // What can be chosen is read when the form opens.
  await page
    .locator('option', { hasText: 'Greet' })
    .first()
    .waitFor({ state: 'attached', ...PATIENT })
  await page.keyboard.type('Greet')
  await tabTo('When')
  await page.keyboard.type('0 6 * * mon')
  await press('Enter')
  await page.getByRole('row', { name: /^by-keyboard/ }).waitFor(PATIENT)
  await expect.poll(place, PATIENT).toBe('main')
  await pressed('Pause by-keyboard')
  await page.getByText('Paused').waitFor(PATIENT)
  await pressed('Remove by-keyboard')
  await dialog().waitFor(PATIENT)
  await pressed('Remove the schedule')
  await page.getByText('Nothing runs by itself').waitFor(PATIENT)
})
