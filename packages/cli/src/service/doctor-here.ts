import { statfs } from 'node:fs/promises'
import { checkMail, checkStorage, inspectDatabase, isProblem } from '@errand/engine'
import type { StoreConfig } from '@errand/task'
import { defaults } from '../config/defaults.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { clock, type Finding } from '../doctor.ts'
import { prepareDataFolder } from '../folder/data-folder.ts'
import { bytes } from '../format/units.ts'
import type { ServiceOptions } from '../options.ts'
import { storagesOf } from './open-engine.ts'

/**
 * What a server or a worker that starts here would meet, by this machine's configuration: also when none can start.
 *
 * @throws {CliError} exit 78, when the configuration itself is not valid
 */
export async function diagnoseHere(options: ServiceOptions): Promise<Finding[]> {
  const { config, file } = await loadConfig({
    cwd: process.cwd(),
    environment: process.env,
    file: options.config,
    flags: { data: options.data },
  })
  const storages = Object.entries(storagesOf(config))
  const looked = [
    [well('Configuration', file ?? 'no file; what is not in the environment is as by default')],
    await dataFolder(config),
    config.database === undefined
      ? [well('Database', 'embedded, in the data folder')]
      : await database(config.database),
    ...(await Promise.all(storages.map(([name, store]) => storage(name, store)))),
    ...(await Promise.all(foldersOf(config).map(disk))),
    await mail(config.notifications?.email),
  ]
  return looked.flat()
}

const well = (check: string, detail: string): Finding => ({ check, ok: true, detail })

/** A finding of what was thrown: the hint says what to do. */
function wrong(check: string, error: unknown, what = ''): Finding {
  if (!(error instanceof Error)) throw error
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
  if (!isProblem(error) && error.name !== 'CliError') throw error
  return { check, ok: false, detail: sentence(what + error.message), ...(hint === undefined ? {} : { hint }) }
}

/** Findings are shown with a full stop behind them. */
const sentence = (text: string) => text.replace(/\.$/, '')

async function dataFolder({ data }: Config): Promise<Finding[]> {
  try {
    await prepareDataFolder(data)
    return [well('Data folder', `${data} can be written`)]
  } catch (error) {
    return [wrong('Data folder', error)]
  }
}

async function database(url: string): Promise<Finding[]> {
  try {
    const { clockSkewSeconds, missing, newer } = await inspectDatabase(url)
    return [
      well('Database', 'PostgreSQL answers'),
      missing.length > 0
        ? {
            check: 'Migrations',
            ok: false,
            detail: `the schema is behind this version: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} to be run`,
            hint: 'Run errand db migrate, or start a server or worker of this version, which does so.',
          }
        : newer.length > 0
          ? {
              check: 'Migrations',
              ok: false,
              detail: `the schema is ahead of this version: it has ${newer.join(', ')}`,
              hint: 'This version can still work on it. Install the one that the other servers and workers run.',
            }
          : well('Migrations', 'the schema is the one of this version'),
      clock({ clockSkewSeconds }),
    ]
  } catch (error) {
    const schema = isProblem(error) && error.code.startsWith('schema-')
    return [wrong(schema ? 'Migrations' : 'Database', error)]
  }
}

async function storage(name: string, store: StoreConfig): Promise<Finding[]> {
  const check = 'Storage'
  try {
    const failed = (await checkStorage(store)).filter(({ outcome }) => outcome === 'failed')
    const [first] = failed
    if (first === undefined) return [well(check, `${name} (${store.scheme}) is written, read, listed and deleted in`)]
    const more = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`
    return [
      {
        check,
        ok: false,
        detail: sentence(`${name} (${store.scheme}) does not ${first.what}${more}: ${first.detail ?? ''}`),
        hint: 'Check its options, that the bucket or folder is there, and what the account may do; errand storage check says more.',
      },
    ]
  } catch (error) {
    return [wrong(check, error, `${name} (${store.scheme}): `)]
  }
}

/** Folders on this machine that grow: the data folder, and storages that are folders. */
function foldersOf(config: Config): string[] {
  const roots = Object.values(storagesOf(config)).map(({ root, scheme }) => (scheme === 'fs' ? root : undefined))
  return [...new Set([config.data, ...roots.filter((root) => root !== undefined)])]
}

async function disk(folder: string): Promise<Finding[]> {
  const found = await statfs(folder).catch(() => undefined)
  // That the folder is not there, or cannot be read, is said elsewhere.
  if (found === undefined || found.blocks === 0) return []
  const free = found.bavail * found.bsize
  const share = found.bavail / found.blocks
  const detail = `${bytes(free)} free (${(share * 100).toFixed(0)} %) where ${folder} is`
  if (share >= defaults.diskFree) return [well('Disk', detail)]
  return [
    {
      check: 'Disk',
      ok: false,
      detail: `only ${detail}`,
      hint: 'Make room: errand storage usage says what takes most, errand retention preview what would go.',
    },
  ]
}

async function mail(email: NonNullable<Config['notifications']>['email']): Promise<Finding[]> {
  if (email === undefined) return []
  try {
    await checkMail(email)
    return [well('Mail', 'the mail server takes mails')]
  } catch (error) {
    return [wrong('Mail', error)]
  }
}
