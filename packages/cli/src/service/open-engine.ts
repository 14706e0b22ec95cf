import { join } from 'node:path'
import { createEngine, type Engine } from '@errand/engine'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { places } from '../folder/data-folder.ts'

/** The engine as the configuration wants it: PGlite and files in the data folder, unless it says otherwise. */
export function openEngine(config: Config, logger: Logger): Promise<Engine> {
  return createEngine({ ...engineConfig(config), logger })
}

/** Where the configuration keeps the record and the files. */
export function engineConfig(config: Pick<Config, 'database' | 'storages' | 'data'>) {
  return {
    database:
      config.database === undefined
        ? { kind: 'pglite' as const, dataDir: join(config.data, places.database) }
        : { kind: 'postgres' as const, url: config.database },
    storages: config.storages ?? { default: { scheme: 'fs', root: join(config.data, places.storage) } },
  }
}
