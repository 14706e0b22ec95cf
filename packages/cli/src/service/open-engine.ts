import { join } from 'node:path'
import { createEngine, type Engine } from '@errand/engine'
import type { StoreConfig } from '@errand/task'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { places } from '../folder/data-folder.ts'

/** The engine as the configuration wants it: PGlite and files in the data folder, unless it says otherwise. */
export function openEngine(config: Config, logger: Logger): Promise<Engine> {
  const { database, data, maxUploadSize, routes } = config
  return createEngine({
    database:
      database === undefined
        ? { kind: 'pglite', dataDir: join(data, places.database) }
        : { kind: 'postgres', url: database },
    storages: storagesOf(config),
    ...(routes === undefined ? {} : { routes }),
    logger,
    ...(maxUploadSize === undefined ? {} : { uploadLimit: maxUploadSize }),
  })
}

/** The storages by name: a folder in the data folder, unless the configuration names others. */
export function storagesOf({ data, storages }: Config): Readonly<Record<string, StoreConfig>> {
  return storages ?? { default: { scheme: 'fs', root: join(data, places.storage) } }
}
