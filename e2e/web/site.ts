import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type ErrandClient } from '@errand/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { PACK, type Service, service } from '../../packages/cli/src/test-support/errand.ts'
import { buildWeb, isFresh } from '../../packages/web/build.ts'

const COURSE = fileURLToPath(new URL('../../packs/course', import.meta.url))

/** A token of the tests: the administrator's, so that a server that is started again knows it. */
const TOKEN = 'a-token-for-the-tests-of-the-web'

/** A service with the web, as its users meet it. */
export interface Site {
  address: string
  folder: string
  client: ErrandClient
  /** Ends every process at once, as a power cut does. */
  kill(): Promise<void>
  /** Starts them again, at the same address. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Starts `errand serve`, or, with a database, `errand server` and two workers. */
export async function openSite(port: number, database?: string): Promise<Site> {
  if (!(await isFresh())) await buildWeb()
  const folder = await mkdtemp(join(tmpdir(), 'errand-web-'))
  const address = `http://127.0.0.1:${port}`
  let running: Service[] = []

  async function start(): Promise<void> {
    const env = { ERRAND_TOKEN: TOKEN, ...(database === undefined ? {} : { DATABASE_URL: database }) }
    const options = { cwd: folder, env }
    const data = ['--data', join(folder, 'data')]
    if (database === undefined) {
      running = [await service(['serve', COURSE, PACK, '--port', String(port), ...data], options)]
      return
    }
    running = [await service(['server', '--port', String(port), ...data], options)]
    const workers = ['one', 'two'].map((name) => service(['worker', COURSE, PACK, '--name', name, ...data], options))
    running.push(...(await Promise.all(workers)))
  }

  await start()
  return {
    address,
    folder,
    client: createClient({ server: address, token: TOKEN }),
    start,
    async kill() {
      await Promise.all(running.map((one) => one.stop('SIGKILL')))
    },
    async close() {
      await Promise.all(running.map((one) => one.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A new browser profile whose person has followed a sign-in link. */
export async function signIn(
  site: Site,
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: site.address, ...options })
  // A shared machine takes its time.
  context.setDefaultTimeout(120_000)
  const page = await context.newPage()
  const { data } = await site.client.api.POST('/api/v1/session/links')
  if (data === undefined) throw new Error('No link')
  await page.goto(data.link)
  await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor()
  return { context, page }
}
