import { checkStorage, isProblem, type StorageCheck } from '@errand/engine'
import { usageError } from '../cli-error.ts'
import { loadConfig } from '../config/load.ts'
import { exitCode } from '../exit-codes.ts'
import { table } from '../format/table.ts'
import type { ServiceOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { storagesOf } from './open-engine.ts'

/** What was found of one storage. */
interface Checked {
  storage: string
  scheme: string
  works: boolean
  checks: StorageCheck[]
}

/** Asks each storage for all that will be asked of it; the exit code is 1 when one cannot do it. */
export async function checkStorages(name: string | undefined, options: ServiceOptions): Promise<void> {
  const { data } = options
  const { config } = await loadConfig({
    cwd: process.cwd(),
    environment: process.env,
    file: options.config,
    flags: { data },
  })
  const storages = storagesOf(config)
  if (name !== undefined && storages[name] === undefined) {
    throw usageError(`there is no storage ${name}`, `There is ${Object.keys(storages).join(', ')}.`)
  }
  const output = processOutput(options.json === true)
  const found: Checked[] = []
  for (const [storage, store] of Object.entries(storages)) {
    if (name !== undefined && storage !== name) continue
    const checks = await checkStorage(store).catch((error: unknown): StorageCheck[] => {
      if (!isProblem(error)) throw error
      return [{ what: 'open it', outcome: 'failed', detail: error.message, took: 0 }]
    })
    const works = checks.every(({ outcome }) => outcome !== 'failed')
    found.push({ storage, scheme: store.scheme, works, checks })
  }
  if (options.json) output.json(found)
  for (const { storage, scheme, works, checks } of options.json ? [] : found) {
    output.print(`${storage} (${scheme}): ${works ? 'works' : 'does not work'}`)
    const columns = [
      { title: '', value: (check: StorageCheck) => `  ${check.what}` },
      { title: '', value: (check: StorageCheck) => (check.outcome === 'unsupported' ? 'not there' : check.outcome) },
      { title: '', value: (check: StorageCheck) => `${check.took} ms`, align: 'right' as const },
      { title: '', value: (check: StorageCheck) => check.detail ?? '' },
    ]
    output.print(table(columns, checks))
  }
  if (found.some(({ works }) => !works)) process.exitCode = exitCode.failed
}
