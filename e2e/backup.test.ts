import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createClient, type ErrandClient } from '@errand/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { errand } from '../packages/cli/src/test-support/errand.ts'
import { type Cluster, createCluster } from './chaos/cluster.ts'
import { freePort, type Process, start } from './chaos/processes.ts'
import { fileOf } from './fan-out/pack/index.ts'
import { over } from './place.ts'

/** Backups as docs/backup.md says, taken while there is much to do, and what goes on where they are restored. */

// Servers, workers and clusters of its own, on a machine that may be busy; every wait is for a signal.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

const exec = promisify(execFile)
const pack = resolve(import.meta.dirname, 'fan-out/pack')
const script = (name: string) => resolve(import.meta.dirname, '../deploy/backup', name)
const token = randomBytes(32).toString('base64url')
const open: Process[] = []
const clusters: Cluster[] = []
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-backup-'))
  // Under root PostgreSQL runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
})
afterAll(async () => {
  for (const one of open) if (one.running) await one.kill()
  for (const one of clusters) await one.stopImmediate()
  await rm(folder, { recursive: true, force: true })
})

async function begin(name: string, args: string[], env: Record<string, string>): Promise<Process> {
  const one = start({ args, env: { ERRAND_LOG_LEVEL: 'warn', ...env }, cwd: folder, logs: folder, name })
  open.push(one)
  await one.ready
  return one
}

/** One task that is over, and one in the middle of its items. */
async function makeBusy(client: ErrandClient): Promise<{ done: string; half: string }> {
  const done = await client.submit({ definition: 'hard', input: { items: 50 } })
  await over(client, done.id)
  const half = await client.submit({ definition: 'hard', input: { items: 600, pause: 30 } })
  for await (const event of client.watchTask(half.id)) {
    if (event.type === 'task' && (event.task.steps[0]?.progress?.done ?? 0) > 20) break
  }
  return { done: done.id, half: half.id }
}

/** Each item once and in order, whatever was in flight; and the file that was there already. */
async function expectWhole(client: ErrandClient, { done, half }: { done: string; half: string }): Promise<void> {
  expect(await over(client, half)).toMatchObject({ state: 'completed' })
  expect(await rowsOf(client, half)).toBe(fileOf(600))
  expect(await rowsOf(client, done)).toBe(fileOf(50))
}

async function rowsOf(client: ErrandClient, id: string): Promise<string> {
  const rows = (await client.task(id)).artifacts.find(({ slot }) => slot === 'rows')
  if (rows === undefined) throw new Error(`The task ${id} has no rows.`)
  return new Response((await client.download(rows)).body).text()
}

async function expectHealthy(env: Record<string, string>): Promise<void> {
  for (const args of [['doctor'], ['doctor', '--here']]) {
    const { code, stderr, stdout } = await errand([...args, '--json'], { cwd: folder, env })
    const findings: { ok: boolean }[] = JSON.parse(stdout)
    expect({ wrong: findings.filter(({ ok }) => !ok), code, stderr }).toEqual({ wrong: [], code: 0, stderr: '' })
  }
}

test('PostgreSQL and a storage: the database first, then the files, while both are written', async () => {
  const [from, to] = [join(folder, 'cluster'), join(folder, 'restored')]
  const cluster = await createCluster(from, await freePort())
  clusters.push(cluster)
  await cluster.start()
  const site = async (name: string, port: number) => {
    const env = {
      DATABASE_URL: `postgres://errand:errand@127.0.0.1:${port}/postgres`,
      ERRAND_DATA: join(folder, `${name}-files`),
      ERRAND_TOKEN: token,
    }
    const http = String(await freePort())
    const ERRAND_SERVER = `http://127.0.0.1:${http}`
    const server = await begin(`${name}-server`, ['server', '--port', http], env)
    const worker = await begin(`${name}-worker`, ['worker', pack], env)
    return { server, worker, client: createClient({ server: ERRAND_SERVER, token }), env: { ...env, ERRAND_SERVER } }
  }
  const first = await site('first', cluster.port)
  const tasks = await makeBusy(first.client)

  const copy = await cluster.copy(to, await freePort())
  clusters.push(copy)
  await exec(script('copy-files.sh'), [join(folder, 'first-files'), join(folder, 'second-files')])
  // It was busy from the beginning to the end of it.
  expect(await first.client.task(tasks.half)).toMatchObject({ state: 'running' })
  await first.worker.kill()
  await first.server.kill()
  await cluster.stopImmediate()
  await rm(join(folder, 'first-files'), { recursive: true })

  await copy.start()
  const second = await site('second', copy.port)
  await expectHealthy(second.env)
  await expectWhole(second.client, tasks)
})

test('the data folder of errand serve: it stands still for the copy, and both go on', async () => {
  const site = async (name: string) => {
    const data = join(folder, name)
    await begin(name, ['serve', pack, '--port', '0', '--data', data], {})
    const { address, token: local }: { address: string; token: string } = JSON.parse(
      await readFile(join(data, 'local.json'), 'utf8'),
    )
    return { client: createClient({ server: address, token: local }), env: { ERRAND_DATA: data } }
  }
  const first = await site('one')
  const tasks = await makeBusy(first.client)
  await exec(script('pause-and-copy.sh'), [join(folder, 'one'), join(folder, 'two')])
  expect(await first.client.task(tasks.half)).toMatchObject({ state: 'running' })
  const second = await site('two')
  await expectHealthy(second.env)
  await expectWhole(second.client, tasks)
  await expectWhole(first.client, tasks)
})
