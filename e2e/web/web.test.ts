import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { openSite, type Site, signIn } from './site.ts'

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
