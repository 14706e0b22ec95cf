import { randomUUID } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Task, Worker } from '@errand/client'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { errand, PACK, type Run, type Service, service } from './test-support/errand.ts'

/** Servers and workers as processes of their own, on PostgreSQL, sharing one storage folder. */

// Many processes start here, each with a runtime of its own; every wait is for a signal.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-separate-'))
const name = `errand_cli_${randomUUID().replaceAll('-', '')}`
const url = new URL(inject('postgresUrl'))
url.pathname = `/${name}`
/** A primary and a standby, of which the first is not there. */
const several = url.href.replace(url.host, `127.0.0.1:1,${url.host}`)
const env = { DATABASE_URL: several, ERRAND_DATA: join(cwd, 'shared') }
const open: Service[] = []

const run = (line: string, more: Record<string, string> = {}): Promise<Run> =>
  errand(line.split(' '), { cwd, env: { ...env, ...more } })
const begin = async (...args: string[]) => {
  const one = await service(args, { cwd, env })
  open.push(one)
  return one
}

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

beforeAll(async () => {
  await query(`CREATE DATABASE ${name}`)
  await writeFile(join(cwd, 'hello.txt'), 'hello\n')
})
afterAll(async () => {
  for (const one of open) await one.stop('SIGKILL')
  await query(`DROP DATABASE ${name} WITH (FORCE)`)
})

test('a server and two workers share the work; one may leave', async () => {
  expect(await run('db migrate')).toEqual({ code: 0, stdout: 'The database is up to date.\n', stderr: '' })
  const server = await begin('server', '--port', '0')
  expect(server.output.stdout).not.toContain('Serving')
  expect(server.output.stdout).toContain(`database 127.0.0.1:1,${url.host}/${name}`)
  expect(server.output.stdout).not.toContain(url.password === '' ? 'no password' : `:${url.password}@`)
  const none = await run('start copy')
  expect(none.code).toBe(64)
  expect(none.stderr).toContain('No worker has registered any yet: start one with errand serve or errand worker.')

  const first = await begin('worker', PACK, '--name', 'first')
  expect(first.output.stdout).toContain('Serving copy@1')
  await begin('worker', PACK, '--name', 'second')
  const workers = JSON.parse((await run('workers --json')).stdout) as Worker[]
  expect(workers.map((worker) => worker.name).sort()).toEqual(['first', 'second'])

  expect(await first.stop('SIGTERM')).toBe(0)
  const copied = await run('start copy --input name=out.txt --upload file=hello.txt --wait --json')
  const task = JSON.parse(copied.stdout) as Task
  expect(task.state).toBe('completed')
  expect((await run(`download ${task.id} -o -`)).stdout).toBe('hello\n')
})

test('a second server of the folder leaves local.json alone, and takes the token it is given', async () => {
  const token = 'a-token-that-nobody-would-guess'
  const second = await service(['server', '--port', '0'], { cwd, env: { ...env, ERRAND_TOKEN: token } })
  open.push(second)
  expect(second.output.stdout).toContain('reach this one with ERRAND_SERVER and ERRAND_TOKEN')
  const listed = await run('list --json', { ERRAND_SERVER: second.address, ERRAND_TOKEN: token })
  expect(listed.code).toBe(0)
  expect(await second.stop()).toBe(0)
  expect((await run('list')).code).toBe(0)
  const weak = await run('server --port 0', { ERRAND_TOKEN: 'admin' })
  expect(weak.code).toBe(78)
  expect(weak.stderr).toContain('ERRAND_TOKEN has 5 characters')
})

test('a database that does not answer is told', async () => {
  const refused = await run('server --port 0', { DATABASE_URL: 'postgres://127.0.0.1:1/none' })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/^error: .*127\.0\.0\.1/)
})
