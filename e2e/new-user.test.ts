import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from './chaos/processes.ts'
import { blocksOf } from './handbook-page.ts'
import { tarballFolder } from './tarballs.ts'
import { Terminal } from './terminal.ts'

/**
 * Somebody new, with an empty folder, the tarballs and docs/first-task.md: types every line of the page, and nothing else.
 */

// A build, two installations and a run of tests; every wait is for a signal.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 900_000 })

const root = resolve(import.meta.dirname, '..')
/** Characters that somebody who types slowly types in five minutes: 40 words of 5 characters a minute. */
const FIVE_MINUTES = 1_000
let home: string
let terminals: Terminal[]

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'errand-new-user-'))
  await mkdir(join(home, 'errand'))
  await cp(await tarballFolder(), join(home, 'errand/dist'), { recursive: true })
  // Not what the runner of these tests has set, which the tests of the new package would take for theirs.
  const env = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: home,
    ERRAND_PORT: String(await freePort()),
    npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
    npm_config_prefer_offline: 'true',
    ...pick(['npm_config_registry', 'http_proxy', 'https_proxy', 'no_proxy', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']),
  }
  terminals = [new Terminal(home, env), new Terminal(home, env)]
})
afterAll(async () => {
  for (const terminal of terminals) await terminal.interrupt()
  await rm(home, { recursive: true, force: true })
})

function pick(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])))
}

test('the page, line by line: a task of their own, and its result', async () => {
  const blocks = blocksOf(await readFile(join(root, 'docs/first-task.md'), 'utf8'))
  const [first, second] = terminals
  if (first === undefined || second === undefined) throw new Error('unreachable')
  let typed = 0
  let id = 'ID'
  const said = new Map<string, string>()
  for (const block of blocks) {
    if (block.kind === 'file') {
      typed += block.text.length
      await writeFile(join(first.cwd, block.path), block.text)
      continue
    }
    for (const line of block.lines) {
      typed += line.length
      if (line === 'npm start') {
        await first.serve(line)
        continue
      }
      if (line === 'npm test') await rm(join(first.cwd, 'snapshots/letters-2.json'))
      // The second terminal is opened "in the same folder".
      const place = block.terminal === 1 ? '' : `cd '${first.cwd}' && `
      const output = await (block.terminal === 1 ? first : second).type(place + line.replace('ID', id))
      said.set(line, output)
      id = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/.exec(output)?.[0] ?? id
    }
  }
  expect(said.get('cat welcome.txt')).toBe('Welcome to Tides!\n')
  expect(said.get('npx errand start hello --input who=Ada --wait')).toContain('Completed in')
  expect(first.cwd).toBe(join(home, 'try/reports'))
  console.log(
    `${typed} characters are typed, with the task of ${blocks.filter(({ kind }) => kind === 'file').length} file`,
  )
  expect(typed).toBeLessThan(FIVE_MINUTES)
})

test('the new package made a snapshot of its version, which is the one that it came with', async () => {
  const made = await readFile(join(home, 'try/reports/snapshots/letters-2.json'), 'utf8')
  expect(JSON.parse(made)).toEqual(
    JSON.parse(await readFile(join(root, 'packs/starter/snapshots/letters-2.json'), 'utf8')),
  )
})
