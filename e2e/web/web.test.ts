import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, test, vi } from 'vitest'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { enrol, flows, tryFlow } from './flows.ts'
import { openSite, type Site } from './site.ts'

/** The web in a real browser, on `errand serve`. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort() }), launchBrowser()])
  await enrol(site)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

test.each(flows)('%s', (_what, flow) => tryFlow(flow, site, browser))
