import { execFile, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { finish, type RealServer, realServer } from '../testing/real-server.ts'

/** What the page says is read by Prometheus's own tool, and what draws and alerts names nothing that it does not say. */

const deploy = resolve(import.meta.dirname, '../../../../deploy')
const run = promisify(execFile)
let server: RealServer
let page: string
let ids: string[]

beforeAll(async () => {
  server = await realServer({}, { notifications: { platform: async () => undefined } })
  const done = await server.start('test.echo', { text: 'done' })
  await finish(server.engine, await server.claim(done.id), {
    filename: 'out.txt',
    content: Buffer.from('twelve bytes'),
  })
  const failed = await server.start('test.echo', { text: 'failed' })
  const failure = {
    code: 'no-paper',
    title: 'There is no paper',
    detail: 'The tray is empty.',
    retryable: false,
    reference: 'r',
  }
  await server.engine.work.fail(await server.claim(failed.id), failure)
  const open = await server.start('test.single', { course: 'open' })
  ids = [done.id, failed.id, open.id]
  page = await (await server.request('/metrics', { as: 'nobody' })).text()
})
afterAll(() => server.stop())

test('promtool accepts it', () => {
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' })
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' })
})

test('it says what is open, what ended and how, and what takes room; and nobody’s id', () => {
  expect(page).toContain('errand_tasks{definition="test.single",version="1",state="pending"} 1')
  expect(page).toContain('errand_recent_tasks{definition="test.echo",version="1",state="completed"} 1')
  expect(page).toContain('errand_recent_failures{definition="test.echo",version="1",code="no-paper"} 1')
  expect(page).toMatch(/errand_recent_wait_seconds\{[^}]*state="completed",of="median"\} [\d.e-]+/)
  expect(page).toMatch(/errand_recent_run_seconds\{[^}]*state="failed",of="p95"\} [\d.e-]+/)
  expect(page).toContain('errand_storage_bytes{storage="default",kind="outputs"} 12')
  expect(page).toContain('errand_schedules_refused 0')
  expect(page).toMatch(/errand_outbox_lag_seconds\{channel="platform"\} \d/)
  for (const id of ids) expect(page).not.toContain(id)
})

const panels = z.object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) })

test('the alerts and the dashboard name nothing else', async () => {
  const dashboard = panels.parse(JSON.parse(await readFile(`${deploy}/grafana/errand.json`, 'utf8')))
  const rules = await readFile(`${deploy}/prometheus/errand.rules.yml`, 'utf8')
  const drawn = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n')
  const said = namesIn([...page.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name).join(' '))
  expect([...namesIn(drawn)].filter((name) => !said.has(name))).toEqual([])
  expect([...namesIn(rules)].filter((name) => !said.has(name))).toEqual([])
  // What nobody looks at need not be worked out.
  expect([...said].filter((name) => !namesIn(drawn).has(name))).toEqual([])
})

test('the rules are rules, and fire when they should and not when not', async () => {
  const files = ['errand.rules.yml', 'errand.rules.test.yml'].map((file) => `${deploy}/prometheus/${file}`)
  expect((await run('promtool', ['check', 'rules', `${files[0]}`])).stdout).toContain('9 rules found')
  expect((await run('promtool', ['test', 'rules', `${files[1]}`])).stdout).toContain('SUCCESS')
  const config = `${deploy}/prometheus/prometheus.yml`
  expect((await run('promtool', ['check', 'config', config])).stdout).toContain(
    'is valid prometheus config file syntax',
  )
})

function namesIn(text: string): Set<string> {
  return new Set(text.match(/\berrand_\w+/g))
}
