import pg from 'pg'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, inject, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import * as flows from './flows.ts'
import { openSite, type Site } from './site.ts'

/** The same on PostgreSQL, with `errand server` and two workers. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

async function newDatabase(): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query('CREATE DATABASE web_pages')
  await client.end()
  url.pathname = 'web_pages'
  return url.href
}

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([
    openSite({ port: await freePort(), database: await newDatabase() }),
    launchBrowser(),
  ])
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
