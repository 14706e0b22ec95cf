import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type ErrandClient } from '@errand/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { type Service, service } from '../../packages/cli/src/test-support/errand.ts'
import { openMailSink } from '../../packages/engine/src/test-support/mail-sink.ts'
import { buildWeb, isFresh } from '../../packages/web/build.ts'
import type { Person } from './people.ts'

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))
/** What is served unless something else is asked for: the packs of the repository, and the tests' own. */
const PACKS = ['../../packs/course', '../../packs/grade-report', './pack'].map(folderOf)

/** A token of the tests: the administrator's, so that a server that is started again knows it. */
const TOKEN = 'a-token-for-the-tests-of-the-web'

/** A service with the web, as its users meet it. */
export interface Site {
  address: string
  folder: string
  /** The administrator's. */
  client: ErrandClient
  as(person: Person): ErrandClient
  /** Ends every process at once, as a power cut does. */
  kill(): Promise<void>
  /** Starts them again, at the same address. */
  start(): Promise<void>
  close(): Promise<void>
}

export interface SiteOptions {
  port: number
  /** Of PostgreSQL: then there are `errand server` and two workers instead of `errand serve`. */
  database?: string
  packs?: readonly string[]
}

/** Starts a service that knows {@link people}. */
export async function openSite({ port, database, packs = PACKS }: SiteOptions): Promise<Site> {
  if (!(await isFresh())) await buildWeb()
  const folder = await mkdtemp(join(tmpdir(), 'errand-web-'))
  const address = `http://127.0.0.1:${port}`
  const identity = { authenticate: folderOf('./people.ts') }
  const mails = await openMailSink()
  const notifications = { publicUrl: address, email: { smtp: mails.smtp, from: 'errand@example.org' } }
  await writeFile(join(folder, 'errand.config.ts'), `export default ${JSON.stringify({ identity, notifications })}\n`)
  let running: Service[] = []

  async function start(): Promise<void> {
    const env = { ERRAND_TOKEN: TOKEN, ...(database === undefined ? {} : { DATABASE_URL: database }) }
    const options = { cwd: folder, env }
    const data = ['--data', join(folder, 'data')]
    if (database === undefined) {
      running = [await service(['serve', ...packs, '--port', String(port), ...data], options)]
      return
    }
    running = [await service(['server', '--port', String(port), ...data], options)]
    const workers = ['one', 'two'].map((name) => service(['worker', ...packs, '--name', name, ...data], options))
    running.push(...(await Promise.all(workers)))
  }

  await start()
  return {
    address,
    folder,
    client: createClient({ server: address, token: TOKEN }),
    as: (person) => createClient({ server: address, token: person }),
    start,
    async kill() {
      await Promise.all(running.map((one) => one.stop('SIGKILL')))
    },
    async close() {
      await Promise.all(running.map((one) => one.stop()))
      await mails.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Visit {
  /** Whose link it is; the administrator's by default. */
  as?: Person
  options?: Parameters<Browser['newContext']>[0]
}

/** A new browser profile whose person has followed a sign-in link. */
export async function signIn(
  site: Site,
  browser: Browser,
  { as, options = {} }: Visit = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ baseURL: site.address, ...options })
  // A shared machine takes its time.
  context.setDefaultTimeout(120_000)
  const page = await context.newPage()
  const client = as === undefined ? site.client : site.as(as)
  const { data } = await client.api.POST('/api/v1/session/links')
  if (data === undefined) throw new Error('No link')
  await page.goto(data.link)
  await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor()
  return { context, page }
}
