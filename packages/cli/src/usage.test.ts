import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { buildProgram } from './program.ts'
import { reportError } from './report-error.ts'
import { errand } from './test-support/errand.ts'

/** Wrong usage of every command: the exit code, and one sentence that says what and what to do. */

// Each command is a process with a runtime of its own, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 300_000 })

const cwd = await mkdtemp(join(tmpdir(), 'errand-usage-'))

test.each([
  ['frob', "unknown command 'frob'. Run errand --help."],
  ['strat', "unknown command 'strat'. Did you mean start? Run errand --help."],
  ['list --frob', "unknown option '--frob'. Run errand list --help."],
  ['list --limit many', '--limit many is not a whole number from 1 to 10000.'],
  ['list --state done', "option '--state <state>' argument 'done' is invalid. Allowed choices are pending,"],
  ['list more', "too many arguments for 'list'."],
  ['start', "missing required argument 'task'. Run errand start --help."],
  ['start x --input', "option '--input <name=value>' argument missing."],
  ['start x --server ftp://x', 'the server ftp://x is not an http or https address.'],
  ['show', "missing required argument 'id'. Run errand show --help."],
  ['watch', "missing required argument 'id'. Run errand watch --help."],
  ['cancel', "missing required argument 'id'. Run errand cancel --help."],
  ['retry', "missing required argument 'id'. Run errand retry --help."],
  ['pause', "missing required argument 'id'. Run errand pause --help."],
  ['resume', "missing required argument 'id'. Run errand resume --help."],
  ['concurrency x', "missing required argument 'n'. Run errand concurrency --help."],
  ['concurrency x 0', 'concurrency 0 is not a whole number from 1 to 1000.'],
  ['artifacts', "missing required argument 'id'. Run errand artifacts --help."],
  ['artifacts rm', "missing required argument 'artifact'. Run errand artifacts rm --help."],
  ['download', "missing required argument 'id'. Run errand download --help."],
  ['definitions a b', "too many arguments for 'definitions'."],
  ['workers a', "too many arguments for 'workers'."],
  ['serve --port 70000', '--port 70000 is not a whole number from 0 to 65535.'],
  ['serve --concurrency 0', '--concurrency 0 is not a whole number from 1 to 256.'],
  ['server now', "too many arguments for 'server'."],
  ['worker', "missing required argument 'packs'. Run errand worker --help."],
  ['db migrate now', "too many arguments for 'migrate'."],
  ['retention preview all', "too many arguments for 'preview'."],
  ['artifacts extend x', "required option '--days <n>' not specified."],
  ['artifacts log', "missing required argument 'artifact'. Run errand artifacts log --help."],
  ['completion csh', "command-argument value 'csh' is invalid for argument 'shell'. Allowed choices are bash,"],
  ['new', "missing required argument 'dir'. Run errand new --help."],
  ['new a b', "too many arguments for 'new'."],
  ['schedules add nightly --cron *', "missing required argument 'task'. Run errand schedules add --help."],
  ['schedules add nightly x', "required option '--cron <fields>' not specified."],
  ['schedules add nightly x@1 --cron *', 'x@1 names a version. A schedule starts the current one: give NAME.'],
  ['schedules remove', "missing required argument 'name'. Run errand schedules remove --help."],
  ['storage check a b', "too many arguments for 'check'."],
])('errand %s', async (line, text) => {
  const { program, running } = buildProgram()
  const report = await program.parseAsync(line.split(' '), { from: 'user' }).then(
    () => undefined,
    (error: unknown) => reportError(error, running()),
  )
  expect(report?.exit).toBe(64)
  expect(report?.text).toContain(`error: ${text}`)
  expect(report?.text).not.toContain('\n')
})

test('what is wrong goes to standard error, as one line', async () => {
  const run = await errand(['start', 'x', '--frob'], { cwd })
  const stderr = "error: unknown option '--frob'. Run errand start --help.\n"
  expect(run).toEqual({ code: 64, stdout: '', stderr })
})

test.each(['', 'db', 'storage', 'retention', 'schedules'])(
  'errand %s without a command shows what there is',
  async (line) => {
    const run = await errand(line.split(' ').filter(Boolean), { cwd })
    expect(run).toMatchObject({ code: 64, stdout: '' })
    expect(run.stderr).toContain('Usage: errand')
  },
)

test('every command has help, which goes to standard output', async () => {
  const names = buildProgram().program.commands.map((command) => command.name())
  expect(names).toEqual(
    'serve server worker start list show watch cancel retry delete pause resume concurrency artifacts download definitions workers schedules new login tokens doctor db storage retention completion'.split(
      ' ',
    ),
  )
  for (const command of buildProgram().program.commands) {
    expect(command.helpInformation()).toContain(`Usage: errand ${command.name()}`)
    expect(command.description()).not.toBe('')
  }
  const run = await errand(['list', '--help'], { cwd })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('Usage: errand list')
})

test('the version is the package’s', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(await errand(['--version'], { cwd })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('without a server every command says how to get one', async () => {
  for (const line of ['list', 'start x', 'download 0193']) {
    const run = await errand(line.split(' '), { cwd })
    expect(run).toMatchObject({ code: 69, stdout: '' })
    expect(run.stderr).toContain(
      `error: no server runs on the data folder ${join(cwd, '.errand')}. Start one with errand serve`,
    )
  }
})

test('a server that ended without a goodbye is told from one that never was', async () => {
  const data = await mkdtemp(join(tmpdir(), 'errand-stale-'))
  // No process can have this id: the kernel's limit is 2^22.
  await writeFile(join(data, 'local.json'), '{"address":"http://127.0.0.1:1","token":"t","pid":4194305}')
  const run = await errand(['list', '--data', data], { cwd })
  expect(run.code).toBe(69)
  expect(run.stderr).toContain('is gone: process 4194305 ended without a goodbye. Start it again with errand serve')
})

test('a server that does not answer is named, and so is a missing token', async () => {
  const args = ['list', '--server', 'http://127.0.0.1:65535']
  const run = await errand(args, { cwd, env: { ERRAND_TOKEN: 'x' } })
  expect(run.code).toBe(69)
  expect(run.stderr).toContain('error: The server http://127.0.0.1:65535 cannot be reached')
  const untold = await errand(args, { cwd })
  expect(untold.code).toBe(77)
  expect(untold.stderr).toContain('error: there is no token for http://127.0.0.1:65535. Sign in')
})
