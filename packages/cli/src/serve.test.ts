import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { collect, errand, PACK, type Service, saidSo, service, spawnErrand } from './test-support/errand.ts'

/** The service as a process: starting, refusing to start, stopping. */

// Services start here; every wait is for a signal, so a slow machine only takes longer.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-serve-'))
const open: Service[] = []
afterAll(async () => {
  for (const one of open) one.child.kill('SIGKILL')
})

async function serve(data: string, ...more: string[]): Promise<Service> {
  const one = await service(['serve', PACK, '--port', '0', '--data', data, ...more], { cwd })
  open.push(one)
  return one
}

test('serve says where it is and what it serves, and leaves nothing behind but its data', async () => {
  const data = join(cwd, 'says')
  const one = await serve(data)
  expect(one.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(one.output.stdout).toContain('Serving copy@1, refuse@1, rows@1, until-file@1')
  expect(one.output.stdout).toContain(`Data folder ${data}, database embedded in it`)
  expect((await stat(join(data, 'local.json'))).mode & 0o777).toBe(0o600)
  expect((await fetch(`${one.address}/readyz`)).status).toBe(200)
  expect(await one.stop()).toBe(0)
  expect(await readdir(data)).not.toContain('local.json')
  expect((await errand(['list', '--data', data], { cwd })).code).toBe(69)
})

test('a second serve on one folder is refused, naming the first; after kill -9 the folder is free', async () => {
  const data = join(cwd, 'says')
  const first = await serve(data)
  const second = await errand(['serve', PACK, '--port', '0', '--data', data], { cwd })
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(`the data folder ${data} is in use by process ${first.child.pid} at ${first.address}`)
  expect((await errand(['db', 'migrate', '--data', data], { cwd })).stderr).toContain('is in use by')
  await first.stop('SIGKILL')
  const stale = await errand(['list', '--data', data], { cwd })
  expect(stale).toMatchObject({ code: 69 })
  const again = await serve(data)
  expect((await errand(['list', '--data', data], { cwd })).code).toBe(0)
  expect(await again.stop('SIGINT')).toBe(0)
})

test('a port in use is named', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const run = await errand(['serve', PACK, '--port', String(port), '--data', join(cwd, 'says')], { cwd })
  taken.close()
  expect(run).toMatchObject({ code: 1, stdout: '' })
  expect(run.stderr).toContain(`error: Port ${port} is in use`)
  expect(run.stderr).toContain('--port N')
})

test('a data folder that cannot be written is named', async () => {
  await writeFile(join(cwd, 'file'), '')
  const run = await errand(['serve', '--data', join(cwd, 'file', 'data')], { cwd })
  expect(run.code).toBe(73)
  expect(run.stderr).toContain(`error: the data folder ${join(cwd, 'file', 'data')} cannot be written`)
})

test('a pack that is not there, and a configuration that is wrong, are named', async () => {
  const pack = await errand(['serve', './absent', '--port', '0', '--data', join(cwd, 'says')], { cwd })
  expect(pack.code).toBe(1)
  expect(pack.stderr).toContain('error: The pack ./absent was not found')
  const config = await errand(['serve'], { cwd, env: { ERRAND_PORT: 'high' } })
  expect(config.code).toBe(78)
  expect(config.stderr).toContain('port (ERRAND_PORT): expected number')
})

test('a server or a worker alone needs PostgreSQL', async () => {
  for (const args of [['server'], ['worker', PACK]]) {
    const run = await errand(args, { cwd })
    expect(run.code).toBe(78)
    expect(run.stderr).toContain(`error: errand ${args[0]} needs a PostgreSQL database. Set DATABASE_URL`)
  }
})

test('with --json the service says it in JSON', async () => {
  const data = join(cwd, 'says')
  expect(await errandJson(data)).toMatchObject({ data, serves: ['copy@1', 'refuse@1', 'rows@1', 'until-file@1'] })
})

/** Starts serve with --json, reads its one line, and stops it. */
async function errandJson(data: string): Promise<unknown> {
  const child = spawnErrand(['serve', PACK, '--port', '0', '--data', data, '--json'], { cwd })
  const output = collect(child)
  await saidSo(child, output, /\}\n/)
  const closed = new Promise((resolve) => child.on('close', resolve))
  child.kill('SIGTERM')
  await closed
  return JSON.parse(output.stdout)
}
