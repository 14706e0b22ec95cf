import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { errand, PACK, type Service, service } from '../packages/cli/src/test-support/errand.ts'
import { type StorageServer, s3Server } from '../packages/engine/src/test-support/s3-server.ts'

/** Faults, each planted where it happens, and what `errand doctor` says of them. */

// Each command is a process with a runtime of its own; every wait is for a signal.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

interface Finding {
  check: string
  ok: boolean
  detail: string
  hint?: string
}

const exec = promisify(execFile)
const database = `errand_doctor_${randomUUID().replaceAll('-', '')}`
const url = new URL(inject('postgresUrl'))
url.pathname = `/${database}`
const open: Service[] = []
/** A disk that can be filled; only root can mount one. */
let disk: string | undefined
let folder: string
let env: Record<string, string>
let s3: StorageServer
let smtp: Server
let smtpPort: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-doctor-'))
  await query(`CREATE DATABASE ${database}`, inject('postgresUrl'))
  env = { DATABASE_URL: url.href, ERRAND_DATA: join(folder, 'shared') }
  s3 = await s3Server()
  // A mail server that is there, and takes nothing.
  smtp = createServer((socket) => socket.end('554 no mails today\r\n'))
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const address = smtp.address()
  smtpPort = typeof address === 'object' && address !== null ? address.port : 0
  const place = join(folder, 'disk')
  await mkdir(place)
  disk = await exec('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place]).then(
    () => place,
    () => undefined,
  )
  if (disk !== undefined) await writeFile(join(disk, 'ballast'), Buffer.alloc(1_000_000))
})
afterAll(async () => {
  for (const one of open) await one.stop('SIGKILL')
  if (disk !== undefined) await exec('umount', ['--lazy', disk])
  smtp.close()
  await s3.close()
  await query(`DROP DATABASE ${database} WITH (FORCE)`, inject('postgresUrl'))
  await rm(folder, { recursive: true, force: true })
})

async function query(text: string, where = url.href): Promise<void> {
  const client = new pg.Client({ connectionString: where })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

const run = (args: readonly string[], more: Record<string, string> = {}) =>
  errand(args, { cwd: folder, env: { ...env, ...more } })

/** What the doctor finds wrong, as `check: what`; each with what to do. */
async function faults(args: readonly string[] = [], more: Record<string, string> = {}): Promise<string[]> {
  const { code, stderr, stdout } = await run(['doctor', '--json', ...args], more)
  expect(stderr).toBe('')
  const wrong = (JSON.parse(stdout) as Finding[]).filter(({ ok }) => !ok)
  expect(code).toBe(wrong.length === 0 ? 0 : 1)
  for (const { detail, hint } of wrong) expect(hint, detail).toMatch(/\S\.$/)
  return wrong.map(({ check, detail }) => `${check}: ${detail}`)
}

const containing = (parts: readonly string[]) =>
  expect.arrayContaining(parts.map((part) => expect.stringContaining(part)))

test('before a server can start: the database, storages, mail and disks of the configuration', async () => {
  await writeFile(join(folder, 'a-file'), '')
  const config = {
    storages: {
      default: { scheme: 'fs', root: join(folder, 'a-file', 'below') },
      reports: { ...s3.config, bucket: 'nowhere' },
    },
    notifications: { email: { smtp: `smtp://127.0.0.1:${smtpPort}`, from: 'errand@example.org' } },
  }
  const file = join(folder, 'faulty.json')
  await writeFile(file, JSON.stringify(config))
  const there = ['--here', '--config', file]
  const away = await faults(disk === undefined ? there : [...there, '--data', disk], {
    DATABASE_URL: 'postgres://127.0.0.1:1/errand',
  })
  expect(away).toEqual(
    containing([
      'Database: The database cannot be used: connect ECONNREFUSED 127.0.0.1:1',
      'Storage: default (fs): The storage folder cannot be written',
      'Storage: reports (s3) does not write 9 MiB as a stream',
      'Mail: The mail server does not take mails: ',
      ...(disk === undefined ? [] : ['Disk: only ']),
    ]),
  )
  expect(away).toHaveLength(disk === undefined ? 4 : 5)
  const shut = await faults(['--here', '--data', join(folder, 'a-file')], { DATABASE_URL: 'postgres://127.0.0.1:1/x' })
  expect(shut).toEqual(containing([`Data folder: the data folder ${join(folder, 'a-file')} cannot be written`]))
  if (!existsSync('/proc/self')) return
  const nowhere = await faults(['--here', '--data', '/proc/none'])
  expect(nowhere).toEqual(
    containing(['Data folder: the data folder /proc/none cannot be written: no folder can be made']),
  )
})

test('the schema of the database, and the clock of this machine', async () => {
  const preload = new URL('./chaos/turned-clock.ts', import.meta.url).href
  const behind = await faults(['--here'], { NODE_OPTIONS: `--import ${preload}`, CHAOS_CLOCK_MS: '3600000' })
  expect(behind).toEqual([
    expect.stringMatching(/^Migrations: the schema is behind this version: 001-initial, .* are to be run$/),
    expect.stringMatching(/^Clock: the server's clock is 3[56]\d\d s ahead of the database's$/),
  ])
  expect((await run(['db', 'migrate'])).code).toBe(0)
  expect(await faults(['--here'])).toEqual([])
  await query(`INSERT INTO errand.kysely_migration (name, timestamp) VALUES ('999-new', now()::text)`)
  expect(await faults(['--here'])).toEqual(['Migrations: the schema is ahead of this version: it has 999-new'])
  await query(`INSERT INTO errand.schema_needs (migration) VALUES ('999-new')`)
  expect(await faults(['--here'])).toEqual([
    expect.stringContaining('Migrations: The database belongs to a newer Errand: Its schema has 999-new'),
  ])
  await query(`DELETE FROM errand.schema_needs WHERE migration = '999-new'`)
  await query(`DELETE FROM errand.kysely_migration WHERE name = '999-new'`)
})

test('work that does not move, and files that cannot go', async () => {
  const begin = async (...args: string[]) => {
    const one = await service(args, { cwd: folder, env })
    open.push(one)
    return one
  }
  await begin('server', '--port', '0')
  const worker = await begin('worker', PACK)
  expect(await faults()).toEqual([])

  await writeFile(join(folder, 'hello.txt'), 'hello\n')
  const made = await run(['start', 'copy', '--input', 'name=a.txt', '--upload', 'file=hello.txt', '--wait'])
  expect(made.code).toBe(0)
  // A file that is gone from the record, and whose storage has left the configuration.
  await query(`UPDATE errand.artifacts SET state = 'deleted', ended_at = now(), storage = 'gone'`)
  expect(await faults()).toEqual(['Files: 1 file could not be removed from the storage yet'])

  // A worker that is there and takes nothing.
  worker.child.kill('SIGSTOP')
  await query(`UPDATE errand.workers SET heartbeat_at = now() + interval '1 hour'`)
  expect((await run(['start', 'refuse'])).code).toBe(0)
  await query(`UPDATE errand.steps SET changed_at = now() - interval '90 seconds' WHERE state = 'ready'`)
  expect(await faults()).toEqual(
    containing([
      'Queues: refuse v1: 1 step ready, the oldest for 9',
      'a worker serves it and has not taken it',
      'Files: ',
    ]),
  )

  // Nobody is there.
  await worker.stop('SIGKILL')
  await query(`UPDATE errand.workers SET heartbeat_at = now() - interval '1 hour'`)
  expect(await faults()).toEqual(
    containing([
      'Workers: nobody serves refuse v1; 1 task waits',
      'Workers: nobody serves copy v1, which new tasks get',
      'no live worker serves it',
    ]),
  )
})
