import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { PACK } from '../../packages/cli/src/test-support/errand.ts'
import { freePort } from '../chaos/processes.ts'
import { launchBrowser } from './browser.ts'
import { openSite, type Site, signIn } from './site.ts'

/** What a user may name, on the pages that show it: text, whatever it looks like. */

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const EVIL = '<img src=x onerror="window.hit=1">'

let site: Site
let browser: Browser
beforeAll(async () => {
  ;[site, browser] = await Promise.all([openSite({ port: await freePort(), packs: [PACK] }), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

test('markup in an input, a scope, the name of a file and a notification is shown, and never run', async () => {
  const { context, page } = await signIn(site, browser)
  // As the page itself would ask: with its session.
  const made = await page.evaluate<{ id: string; told: number }>(`(async () => {
    const evil = ${JSON.stringify(EVIL)}
    const call = async (path, body, headers, method = 'POST') =>
      (await fetch('/api/v1/' + path, { method, body, headers })).json()
    const json = { 'content-type': 'application/json' }
    const file = await call('uploads?filename=' + encodeURIComponent(evil), 'bytes', { 'content-type': 'text/html' }, 'PUT')
    const me = await (await fetch('/api/v1/me')).json()
    const request = { definition: 'copy', input: { name: evil }, uploads: { file: file.id } }
    const task = await call('tasks', JSON.stringify(request), json)
    const news = { to: [me.id], kind: 'forum.reply', title: evil, body: evil }
    const { told } = await call('notifications', JSON.stringify(news), json)
    return { id: task.id, told }
  })()`)
  expect(made).toMatchObject({ id: expect.any(String), told: 1 })
  for (const path of [`/tasks/${made.id}`, '/', '/notifications', '/start/copy']) {
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    if (path.startsWith('/tasks/')) await page.getByText('<img src=x', { exact: false }).first().waitFor()
    expect(await page.evaluate<boolean>("'hit' in window"), path).toBe(false)
    expect(await page.locator('img[src="x"]').count(), path).toBe(0)
  }
  await context.close()
})
