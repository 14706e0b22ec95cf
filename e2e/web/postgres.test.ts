import pg from 'pg'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, inject, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { enrol, flows, tryFlow } from './flows.ts'
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
  await enrol(site)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

test.each(flows)('%s', (_what, flow) => tryFlow(flow, site, browser))
