import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SAMPLE_KEYS } from '@errand/course/sample'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { openSite, type Site, sampleArchive, signIn } from './site.ts'

/** The web in a real browser, on `errand serve`. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })
const PATIENT = { timeout: 120_000 }

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite(await freePort()), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** The sentence that says how a task stands. */
const said = (page: Page, text: string | RegExp) => page.getByRole('region', { name: 'How it stands' }).getByText(text)

test('a course is imported by dropping its archive into the form', async () => {
  const archive = await sampleArchive(site)
  const { page, context } = await signIn(site, browser)
  await page.getByRole('link', { name: 'Start', exact: true }).click()
  await page.getByRole('link', { name: 'Import a course', exact: false }).click()
  await page.getByRole('textbox', { name: 'Course' }).fill(SAMPLE_KEYS.course)
  await page.locator('input[type=file]').setInputFiles(archive)
  await page.getByRole('button', { name: 'Start' }).click()
  await said(page, /^Completed in/).waitFor(PATIENT)
  await context.close()
})

test('an export is started with the form, the browser closed, and the file taken in another one', async () => {
  const first = await signIn(site, browser)
  await first.page.goto('/start/course.export')
  await first.page.getByRole('textbox', { name: 'Course' }).fill(SAMPLE_KEYS.course)
  await first.page.getByRole('button', { name: 'Start' }).click()
  await first.page.waitForURL(/\/tasks\//)
  await first.context.close()

  const { page, context } = await signIn(site, browser)
  await page.getByRole('link', { name: /^Export/ }).click()
  await said(page, /^Completed in/).waitFor(PATIENT)
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download', exact: true }).click()
  const download = await downloading
  const path = join(site.folder, 'downloaded.tar.gz')
  await download.saveAs(path)
  expect(download.suggestedFilename()).toMatch(/\.tar\.gz$/)
  expect((await stat(path)).size).toBeGreaterThan(1_000)
  await context.close()
})

test('a task is canceled, and then run again with its form filled', async () => {
  const { page, context } = await signIn(site, browser)
  await page.goto('/start/until-file')
  await page.getByRole('textbox', { name: 'Path' }).fill(join(site.folder, 'never'))
  await page.getByRole('button', { name: 'Start' }).click()
  await said(page, 'Step 2 of 2: Wait').waitFor(PATIENT)
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  await page.getByRole('button', { name: 'Cancel the task' }).click()
  await said(page, /^Canceled after/).waitFor(PATIENT)
  await page.getByRole('button', { name: 'Run again with changes' }).click()
  await expect.poll(() => page.getByRole('textbox', { name: 'Path' }).inputValue()).toBe(join(site.folder, 'never'))
  await context.close()
})

test('a failure says what happened, what to do and what to quote; a retry is a new task', async () => {
  const { page, context } = await signIn(site, browser)
  await page.goto('/start/refuse')
  await page.getByRole('button', { name: 'Start' }).click()
  const card = page.getByRole('region', { name: 'It is not good' })
  await card.waitFor(PATIENT)
  await expect.poll(() => card.textContent()).toContain('Make it better.')
  expect(await card.textContent()).toMatch(/Reference, for support: \S+/)
  expect(await page.title()).toMatch(/^✗ /)
  const before = page.url()
  await page.getByRole('button', { name: 'Retry', exact: true }).click()
  await page.waitForURL((url) => url.href !== before)
  await card.waitFor(PATIENT)
  await context.close()
})

test('the server is killed and started again: the page says so, comes back and shows what happened meanwhile', async () => {
  const { page, context } = await signIn(site, browser)
  const path = join(site.folder, 'go-on')
  const task = await site.client.submit({ definition: 'until-file', input: { path } })
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
})

test('what is not there is a 404 in words, and whoever is not signed in is told how to be', async () => {
  const { page, context } = await signIn(site, browser)
  await page.goto('/tasks/01890000-0000-7000-8000-000000000000')
  await page.getByText('There is no such task').waitFor(PATIENT)
  await page.goto('/no/such/page')
  await page.getByText('There is no such page').waitFor(PATIENT)
  await context.clearCookies()
  await page.goto('/')
  await page.getByText('You are not signed in').waitFor(PATIENT)
  await context.close()
})
