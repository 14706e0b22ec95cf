import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import * as flows from './flows.ts'
import { openSite, type Site } from './site.ts'

/** The web in a real browser, on `errand serve`. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort() }), launchBrowser()])
  await flows.enrol(site)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

test('a course is imported by the form; its upload breaks off, and goes on after a reload', () =>
  flows.importCourse(site, browser))
test('an export is taken by its owner who comes back with another browser', () => flows.exportCourse(site, browser))
test('a task is canceled, and then run again with its form filled', () => flows.cancel(site, browser))
test('a failure says what to do, and a retry works once that is done', () => flows.retry(site, browser))
test('many items are paused, go on, and those that failed are done again', () => flows.failedItems(site, browser))
test('a file for one download is gone after it', () => flows.useOnce(site, browser))
test('a team mate sees the file and may not delete it; a stranger finds nothing', () =>
  flows.teamAndStranger(site, browser))
test('a newer version is promoted, and the older one retired', () => flows.promoteAndRetire(site, browser))
test('the bell says that a task has ended, and leads to it', () => flows.bell(site, browser))
test('the server is killed and started again while the page is open', () => flows.restart(site, browser))
