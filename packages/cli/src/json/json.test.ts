import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { z } from 'zod'
import { flatten, treeOf } from '../completion/tree.ts'
import { buildProgram } from '../program.ts'
import { collect, errand, PACK, saidSo, spawnErrand } from '../test-support/errand.ts'
import { apiSchemas } from './components.ts'
import { jsonPage } from './page.ts'
import { printed } from './printed.ts'

/** What the commands print with `--json` is what docs/json.md says. */

// Servers start here, and take their time on a busy machine; every wait is for a signal.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const HELD = fileURLToPath(new URL('../test-support/held-pack', import.meta.url))
const cwd = await mkdtemp(join(tmpdir(), 'errand-json-'))
const data = join(cwd, 'data')
const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
const components = { schemas: apiSchemas() }
/** The commands whose output was held to the page. */
const seen = new Set<string>()

/** Holds a command's output to the schema of the command. @returns it */
function hold(words: string, text: string): unknown {
  const value: unknown = JSON.parse(text)
  const schema = printed[words]
  if (schema === undefined) throw new Error(`errand ${words} is not on the page.`)
  if (!ajv.validate({ ...schema, components }, value)) {
    throw new Error(`errand ${words} printed what the page does not say: ${ajv.errorsText()}\n${text}`)
  }
  seen.add(words)
  return value
}

/** Runs a command in this process. @returns what it printed, which was held to the page */
async function run(words: string, ...args: string[]): Promise<unknown> {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  try {
    await buildProgram().program.parseAsync([...words.split(' '), ...args, '--json'], { from: 'user' })
  } finally {
    write.mockRestore()
    // A task that was canceled, or a finding of the doctor: the command's answer, not that of the tests.
    process.exitCode = undefined
  }
  return hold(words, text)
}
const ask = (words: string, ...args: string[]) => run(words, ...args, '--data', data)
const id = async (answer: Promise<unknown>): Promise<string> => z.object({ id: z.string() }).parse(await answer).id

const children: ChildProcess[] = []
/** Starts a service, and holds the line that it prints once it is ready to the page. */
async function begin(words: string, args: string[], env: Record<string, string> = {}): Promise<unknown> {
  const child = spawnErrand([words, ...args, '--json'], { cwd, env })
  children.push(child)
  const output = collect(child)
  await saidSo(child, output, /^\{"address".*\}$/m)
  return hold(words, /^\{"address".*\}$/m.exec(output.stdout)?.[0] ?? '')
}

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

let address: string
beforeAll(async () => {
  await writeFile(join(cwd, 'hello.txt'), 'hello\n')
  const ready = await begin('serve', [PACK, HELD, '--port', '0', '--data', data])
  address = z.object({ address: z.string() }).parse(ready).address
})
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
})

test('the page is the one of these schemas', async () => {
  const kept = await readFile(new URL('../../../../docs/json.md', import.meta.url), 'utf8')
  expect(kept === jsonPage(apiSchemas()), 'Run `node packages/cli/src/json/write.ts` and commit what it writes').toBe(
    true,
  )
})

test('every command that takes --json is on the page, and no other', () => {
  const takers = flatten(treeOf(buildProgram().program)).filter(({ flags }) =>
    flags.some(({ long }) => long === '--json'),
  )
  expect(takers.map(({ path }) => path.join(' ')).toSorted()).toEqual(Object.keys(printed).toSorted())
})

test('what does not fit the page is found', () => {
  expect(() => hold('tokens revoke', '{"id":"x"}')).toThrow("must have required property 'revoked'")
  expect(() => hold('retention run', '{"tasks":"many","files":1,"uploads":1,"orphans":[]}')).toThrow('must be integer')
})

test('tasks and their files', async () => {
  const task = await id(
    ask('start', 'copy', '--input', 'name=a.txt', '--upload', `file=${join(cwd, 'hello.txt')}`, '--wait'),
  )
  await ask('list')
  await ask('show', task)
  await ask('watch', task)
  const files = z.array(z.object({ id: z.string() })).parse(await ask('artifacts', task))
  const file = files[0]?.id ?? ''
  await ask('artifacts extend', file, '--days', '400')
  await ask('download', task, '-o', join(cwd, 'copied.txt'))
  await ask('artifacts log', file)
  await ask('storage usage')
  await ask('retry', task, '--wait')
  await ask('artifacts rm', file)
  await ask('delete', task)
  // One that fails tells of its failure.
  await ask('start', 'refuse', '--wait')
})

test('a task with items', async () => {
  const task = await id(ask('start', 'held@1'))
  for (let running = false; !running; ) {
    const shown = z.object({ steps: z.array(z.object({ progress: z.unknown() })) }).parse(await ask('show', task))
    running = shown.steps.some(({ progress }) => progress !== null)
  }
  await ask('pause', task)
  await ask('resume', task)
  await ask('concurrency', task, '2')
  await ask('cancel', task, '--wait')
})

test('what administrators ask', async () => {
  await ask('definitions')
  await ask('workers')
  await ask('doctor')
  await ask('definitions promote', 'held@1')
  await ask('definitions retire', 'held@2')
  await ask('schedules add', 'nightly', 'refuse', '--cron', '30 2 * * *')
  await ask('schedules pause', 'nightly')
  await ask('schedules resume', 'nightly')
  await ask('schedules list')
  await ask('schedules remove', 'nightly')
  await ask('retention preview')
  await ask('retention run')
  const token = z
    .object({ id: z.string(), secret: z.string() })
    .parse(await ask('tokens create', '--name', 'reader', '--grant', 'read'))
  await ask('tokens list')
  await ask('login', '--link')
  const env = { XDG_CONFIG_HOME: join(cwd, 'config') }
  const login = await errand(['login', '--server', address, '--json'], { cwd, env, input: `${token.secret}\n` })
  hold('login', login.stdout)
  await ask('tokens revoke', token.id)
})

test('what needs no server', async () => {
  const elsewhere = join(cwd, 'elsewhere')
  await run('db migrate', '--data', elsewhere)
  await run('storage check', '--data', elsewhere)
  await run('doctor', '--here', '--data', elsewhere)
  await run('new', join(cwd, 'my-tasks'))
})

test('a server and a worker of their own', async () => {
  const name = `errand_json_${randomUUID().replaceAll('-', '')}`
  await query(`CREATE DATABASE ${name}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  const env = { DATABASE_URL: url.href, ERRAND_DATA: join(cwd, 'shared') }
  await begin('server', ['--port', '0'], env)
  await begin('worker', [PACK], env)
})

test('every command of the page was run', () => {
  expect(Object.keys(printed).filter((words) => !seen.has(words))).toEqual([])
})
