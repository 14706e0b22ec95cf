import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createEngine } from '@errand/engine'
import { pino } from 'pino'
import { Server } from '../course/server.ts'
import { machineLine } from '../machine.ts'
import { deployedOptions } from '../node-options.ts'
import { chosenOf, numberOf } from '../options.ts'
import { startPostgres } from '../postgres.ts'
import { printTable } from '../table.ts'
import { type Figure, parts, type Site } from './million-parts.ts'

const PACK = fileURLToPath(new URL('./pack.ts', import.meta.url))

/** Prints what a fan-out of a million items takes, and what it leaves for others, with a real server and worker. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '1000000' },
      // Without what deploy/ tells it.
      'plain-node': { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
    },
  })
  const names = chosenOf('only', values.only, Object.keys(parts))
  const chosen = Object.entries(parts).filter(([name]) => names.includes(name))
  const items = numberOf('items', values.items, 10_000)
  process.stdout.write(`${machineLine()}\n\n`)
  const folder = await mkdtemp(join(tmpdir(), 'errand-bench-'))
  // PostgreSQL may run as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const postgres = await startPostgres(join(folder, 'database'))
  const figures: Figure[] = []
  try {
    const url = await postgres.createDatabase('errand')
    const deployed = values['plain-node'] ? {} : { nodeOptions: await deployedOptions() }
    await using server = await Server.start(folder, { kind: 'apart', postgres: url, pack: PACK, ...deployed })
    // What a platform that embeds the engine has, and each server: one of its own, for what it takes without HTTP.
    const engine = await createEngine({
      database: { kind: 'postgres', url },
      storages: { default: { scheme: 'fs', root: folder } },
      logger: pino({ level: 'warn' }, process.stderr),
    })
    const site: Site = { engine, server, postgres: postgres.pid, items }
    try {
      for (const [name, measure] of chosen) {
        process.stderr.write(`${name}…\n`)
        figures.push(...(await measure(site)))
      }
    } finally {
      await engine.close()
    }
  } finally {
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
  printTable(
    ['of a fan-out', 'measured', 'aim'],
    figures.map(({ what, value, aim = '' }) => [what, value, aim]),
  )
  process.stdout.write(`
errand server and errand worker, apart, on PostgreSQL, everything as shipped, Node ${values['plain-node'] ? 'without options' : 'as deploy/ starts it'}; each item appends a row to one CSV file.
At the end: ${machineLine()}
`)
}
