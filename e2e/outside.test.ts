import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createClient, isOver } from '@errand/client'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { freePort, type Process, start } from './chaos/processes.ts'
import { tarballFolder } from './tarballs.ts'

/** A pack that lives elsewhere, with what npm would install: built packages, and none of this repository's folders. */

// A build, an installation, and processes with a runtime each; every wait is for a signal.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 })

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')
const database = `errand_outside_${randomUUID().replaceAll('-', '')}`
const token = randomBytes(32).toString('base64url')
const open: Process[] = []
let folder: string
let env: Record<string, string>

const PACK = `
import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'

export const hello = defineTask({
  name: 'outside.hello',
  version: 1,
  title: 'Say hello',
  input: z.object({ who: z.string().describe('Whom to greet') }),
  artifacts: { card: artifact({ filename: 'card.txt', mediaType: 'text/plain' }) },
})
  .step('greet', { title: 'Greet' }, ({ input }) => ({ text: \`Hello \${input.who}\` }))
  .step('write', { title: 'Write the card', after: ['greet'] }, async ({ results, artifacts }) => {
    const text: string = results.greet.text
    await artifacts.card.write(text)
  })
`

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-outside-'))
  await query(`CREATE DATABASE ${database}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${database}`
  env = { DATABASE_URL: url.href, ERRAND_DATA: join(folder, 'shared'), ERRAND_TOKEN: token, ERRAND_LOG_LEVEL: 'error' }
})
afterAll(async () => {
  for (const one of open) await one.kill()
  await query(`DROP DATABASE ${database} WITH (FORCE)`)
  await rm(folder, { recursive: true, force: true })
})

test('runs under a worker installed from tarballs, while the server goes on', async () => {
  const port = String(await freePort())
  const server = start({ args: ['server', '--port', port], env, cwd: folder, logs: folder, name: 'server' })
  open.push(server)
  await server.ready
  const client = createClient({ server: `http://127.0.0.1:${port}`, token })
  expect(await client.definitions()).toEqual([])

  const packed = await tarballFolder()
  const tarballs = (await readdir(packed)).map((file) => join(packed, file))
  const host = join(folder, 'host')
  await mkdir(join(host, 'hello'), { recursive: true })
  await writeFile(join(host, 'package.json'), JSON.stringify({ name: 'host', private: true, type: 'module' }))
  await writeFile(
    join(host, 'hello', 'package.json'),
    JSON.stringify({ name: 'hello', type: 'module', main: 'index.ts' }),
  )
  await writeFile(join(host, 'hello', 'index.ts'), PACK)
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run('npm', ['install', ...quiet, ...tarballs], { cwd: host })

  // The author's compiler knows the types from the declarations that came along.
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck']
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [tsc, ...options, 'hello/index.ts'], { cwd: host })

  const bin = join(host, 'node_modules/@errand/cli/bin/errand.js')
  const worker = start({ args: ['worker', './hello'], env, cwd: host, logs: folder, name: 'worker', bin })
  open.push(worker)
  await worker.ready
  const [hello, ...others] = await client.definitions()
  expect(others).toEqual([])
  expect(hello).toMatchObject({ name: 'outside.hello', version: 1, promoted: true, workers: 1 })
  expect(hello?.shape.input).toMatchObject({ properties: { who: { description: 'Whom to greet' } }, required: ['who'] })
  expect(hello?.shape.steps.map(({ title }) => title)).toEqual(['Greet', 'Write the card'])

  const { id } = await client.submit({ definition: 'outside.hello', input: { who: 'Ada' } })
  for await (const event of client.watchTask(id)) if (event.type === 'task' && isOver(event.task)) break
  const task = await client.task(id)
  expect(task).toMatchObject({ state: 'completed', artifacts: [{ filename: 'card.txt', size: 9 }] })
  const card = task.artifacts[0]
  if (card === undefined) throw new Error('unreachable')
  expect(await new Response((await client.download(card)).body).text()).toBe('Hello Ada')
  expect(server.running).toBe(true)
})
