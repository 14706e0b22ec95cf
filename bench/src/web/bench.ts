import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launchBrowser } from '../../../e2e/web/browser.ts'
import { buildWeb, isFresh } from '../../../packages/web/build.ts'
import { Server } from '../course/server.ts'
import { machineLine } from '../machine.ts'
import { deployedOptions } from '../node-options.ts'
import { median, megabytes, quantile, seconds } from '../numbers.ts'
import { chosenOf, numberOf } from '../options.ts'
import { startPostgres } from '../postgres.ts'
import { printTable } from '../table.ts'
import { measureCrowd } from './crowd.ts'
import { measureLists } from './lists.ts'
import { changeOnScreen, firstRender, scriptsOfPage, sizeOf, weigh } from './screen.ts'
import { fillTasks, PEOPLE } from './tasks-table.ts'

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const PARTS = ['screen', 'lists', 'watchers'] as const
const AIMS = { scripts: 200_000, embed: 30_000, render: 1_000, change: 500, list: 50, memory: 300e6 }

/** Prints what the web weighs, how soon it shows what, and what many tasks and many watchers do to its server. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      tasks: { type: 'string', default: '1000000' },
      watchers: { type: 'string', default: '5000' },
      samples: { type: 'string', default: '100' },
      // Without what deploy/ tells it.
      'plain-node': { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
    },
  })
  const chosen = chosenOf('only', values.only, PARTS)
  const samples = numberOf('samples', values.samples)
  const tasks = numberOf('tasks', values.tasks, PEOPLE)
  const watchers = numberOf('watchers', values.watchers)
  process.stdout.write(`${machineLine()}\n`)
  if (!(await isFresh())) await buildWeb()
  const folder = await mkdtemp(join(tmpdir(), 'errand-bench-'))
  // PostgreSQL may run as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  await writeFile(
    join(folder, 'errand.config.json'),
    JSON.stringify({ identity: { authenticate: fileOf('./people.ts') } }),
  )
  const postgres = await startPostgres(join(folder, 'database'))
  try {
    const database = await postgres.createDatabase('errand')
    const deployed = values['plain-node'] ? {} : { nodeOptions: await deployedOptions() }
    await using server = await Server.start(folder, {
      kind: 'apart',
      postgres: database,
      pack: fileOf('./pack.ts'),
      ...deployed,
    })
    await fillTasks(database, tasks)
    process.stdout.write(
      `${tasks.toLocaleString('en')} tasks on PostgreSQL; errand server and errand worker, Node ${values['plain-node'] ? 'without options' : 'as deploy/ starts it'}\n`,
    )
    if (chosen.includes('screen')) await screen(server.client.server)
    if (chosen.includes('lists')) await lists(server.client.server, samples)
    if (chosen.includes('watchers')) await crowd(server, watchers, samples)
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(`\n${machineLine()}\n`)
}

const kilobytes = (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

async function screen(url: string): Promise<void> {
  process.stderr.write('Loading pages…\n')
  const scripts = await scriptsOfPage(url)
  const sizes = async (encoding: 'br' | 'gzip') =>
    sum(await Promise.all(scripts.map((path) => sizeOf(url, path, encoding))))
  await using browser = await launchBrowser()
  const weights = await weigh(browser, url)
  const renders = await firstRender(browser, url, 10)
  const changes = await changeOnScreen(browser, url, 20)
  process.stdout.write('\n')
  printTable(
    ['pages', 'median', 'worst', 'aim'],
    [
      [
        `scripts of the first page, as Chromium got them (${weights.encodings})`,
        kilobytes(weights.scripts),
        '',
        `< ${kilobytes(AIMS.scripts)}`,
      ],
      ['the same that its document names, brotli', kilobytes(await sizes('br')), '', `< ${kilobytes(AIMS.scripts)}`],
      ['the same, gzip', kilobytes(await sizes('gzip')), '', `< ${kilobytes(AIMS.scripts)}`],
      ['its styles', kilobytes(weights.styles), '', ''],
      ['embed.js, brotli', kilobytes(await sizeOf(url, '/embed.js', 'br')), '', `< ${kilobytes(AIMS.embed)}`],
      ['embed.js, gzip', kilobytes(await sizeOf(url, '/embed.js', 'gzip')), '', `< ${kilobytes(AIMS.embed)}`],
      [
        'first row of the list, empty cache',
        seconds(median(renders.empty)),
        seconds(Math.max(...renders.empty)),
        `< ${seconds(AIMS.render)}`,
      ],
      [
        'first row of the list, full cache',
        seconds(median(renders.full)),
        seconds(Math.max(...renders.full)),
        `< ${seconds(AIMS.render)}`,
      ],
      [
        'a change on screen after its commit',
        seconds(median(changes)),
        seconds(Math.max(...changes)),
        `< ${seconds(AIMS.change)}`,
      ],
    ],
  )
}

async function lists(url: string, samples: number): Promise<void> {
  process.stderr.write('Asking for lists…\n')
  const measured = await measureLists(url, samples)
  process.stdout.write('\n')
  printTable(
    [`GET /api/v1/tasks, ${samples} times each`, 'tasks', 'median', 'p95', 'aim'],
    measured.map(({ found, took, what }) => [
      what,
      String(found),
      `${median(took).toFixed(1)} ms`,
      `${quantile(took, 0.95).toFixed(1)} ms`,
      `p95 < ${AIMS.list} ms`,
    ]),
  )
}

async function crowd(server: Server, count: number, samples: number): Promise<void> {
  process.stderr.write(`Opening ${count} feeds…\n`)
  const found = await measureCrowd(server, count, samples)
  const both = (took: readonly number[]) => `${median(took).toFixed(1)} / ${quantile(took, 0.95).toFixed(1)} ms`
  process.stdout.write('\n')
  printTable(
    [`${count} watchers on one server`, 'measured', 'aim'],
    [
      ['memory of the server before', megabytes(found.before), ''],
      ['with them', megabytes(found.with), `< ${megabytes(AIMS.memory)}`],
      ['at most, while they came', megabytes(found.most), `< ${megabytes(AIMS.memory)}`],
      ['for each of them', `${((found.with - found.before) / count / 1e3).toFixed(1)} kB`, ''],
      ['processor while nothing happens', `${(found.idle * 100).toFixed(1)} %`, ''],
      ['a list without them, median / p95', both(found.alone), ''],
      ['a list with them', both(found.beside), 'as without'],
      ['a list while tasks are started and told', both(found.busy), ''],
      ['a change told to its owner', both(found.told), `< ${AIMS.change} ms`],
      ['told to strangers', String(found.strangers), '0'],
    ],
  )
}
