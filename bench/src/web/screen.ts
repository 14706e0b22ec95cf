import { createClient, type ErrandClient } from '@errand/client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { courseOf } from './tasks-table.ts'

/** Bytes that came over the line, as the server compressed them for this browser. */
export interface Weights {
  scripts: number
  styles: number
  encodings: string[]
}

async function signIn(browser: Browser, server: string): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: server, viewport: { width: 1280, height: 860 } })
  const { data } = await createClient({ server, token: 'root' }).api.POST('/api/v1/session/links')
  if (data === undefined) throw new Error('There is no sign-in link.')
  const page = await context.newPage()
  await page.goto(data.link)
  await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor()
  await page.close()
  return context
}

const firstRow = (page: Page) => page.locator('main li').first().waitFor()

/** All that is loaded until the list is there, by a browser that has nothing of it yet. */
export async function weigh(browser: Browser, server: string): Promise<Weights> {
  // Followed by itself, a sign-in link leaves the files of the app in the cache of its own profile: this one has none.
  const context = await signIn(browser, server)
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.setCacheDisabled', { cacheDisabled: true })
  const weights: Weights = { scripts: 0, styles: 0, encodings: [] }
  const reading: Promise<void>[] = []
  page.on('requestfinished', (request) => {
    const kind = request.resourceType()
    if (kind !== 'script' && kind !== 'stylesheet') return
    reading.push(
      (async () => {
        const [{ responseBodySize }, response] = await Promise.all([request.sizes(), request.response()])
        weights[kind === 'script' ? 'scripts' : 'styles'] += responseBodySize
        const encoding = response?.headers()['content-encoding'] ?? 'none'
        if (!weights.encodings.includes(encoding)) weights.encodings.push(encoding)
      })(),
    )
  })
  await page.goto('/')
  await firstRow(page)
  // Not until the network is idle: the feed stays open.
  await page.waitForLoadState('load')
  await Promise.all(reading)
  await context.close()
  return weights
}

/** Bytes of a script for a client that takes one encoding. */
export async function sizeOf(server: string, path: string, encoding: 'br' | 'gzip'): Promise<number> {
  const response = await fetch(`${server}${path}`, { method: 'GET', headers: { 'accept-encoding': encoding } })
  const length = response.headers.get('content-length')
  await response.body?.cancel()
  if (!response.ok || length === null) throw new Error(`${path} answers ${response.status}, without its length.`)
  return Number(length)
}

/** The scripts that the document names: what every first page loads. */
export async function scriptsOfPage(server: string): Promise<string[]> {
  const html = await (await fetch(server, { headers: { accept: 'text/html' } })).text()
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
}

/** Milliseconds from the address to the first row, with an empty cache and with a full one. */
export async function firstRender(browser: Browser, server: string, samples: number) {
  const empty: number[] = []
  const full: number[] = []
  for (let round = 0; round < samples; round++) {
    const context = await signIn(browser, server)
    const page = await context.newPage()
    const session = await context.newCDPSession(page)
    await session.send('Network.clearBrowserCache')
    for (const took of [empty, full]) {
      const begin = performance.now()
      await page.goto('/', { waitUntil: 'commit' })
      await firstRow(page)
      took.push(performance.now() - begin)
    }
    await context.close()
  }
  return { empty, full }
}

/** Milliseconds from the commit of a change, as its row says, until the page shows it. */
export async function changeOnScreen(browser: Browser, server: string, samples: number): Promise<number[]> {
  const client = createClient({ server, token: 'root' })
  const context = await signIn(browser, server)
  const page = await context.newPage()
  const took: number[] = []
  for (let round = 0; round < samples; round++) {
    const task = await startWaiting(client)
    await page.goto(`/tasks/${task}`)
    const how = page.getByRole('region', { name: 'How it stands' })
    await how.getByText('Step 1 of 1: Wait').waitFor()
    // Written down by the page itself, in the moment in which it is there; its promise is not waited for yet.
    await page.evaluate(`void (globalThis.shown = new Promise((resolve) => {
      const look = () => /Canceled after/.test(document.querySelector('main')?.textContent ?? '') && resolve(Date.now())
      new MutationObserver(look).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true })
    }))`)
    await client.cancel(task)
    const shown = await page.evaluate<number>('globalThis.shown')
    const last = (await client.transitions(task)).findLast(({ step, to }) => step === null && to === 'canceled')
    took.push(shown - Date.parse(last?.at ?? ''))
  }
  await context.close()
  return took
}

/** Starts a task that ends when it is canceled. @returns its id, once it runs */
async function startWaiting(client: ErrandClient): Promise<string> {
  const { id } = await client.submit({ definition: 'web.waits', input: { course: courseOf(1) } })
  for await (const event of client.watchTask(id)) {
    if (event.type === 'task' && event.task.steps.some(({ state }) => state === 'running')) return id
  }
  throw new Error('The task ended before it ran.')
}
