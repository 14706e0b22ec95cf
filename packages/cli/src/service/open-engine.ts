import { join } from 'node:path'
import { createEngine, type Engine } from '@errand/engine'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { places } from '../folder/data-folder.ts'

/** The engine as the configuration wants it: PGlite and files in the data folder, unless it says otherwise. */
export function openEngine(config: Config, logger: Logger): Promise<Engine> {
  const { database, storages, data, maxUploadSize } = config
  return createEngine({
    database:
      database === undefined
        ? { kind: 'pglite', dataDir: join(data, places.database) }
        : { kind: 'postgres', url: database },
    storages: storages ?? { default: { scheme: 'fs', root: join(data, places.storage) } },
    logger,
    ...(maxUploadSize === undefined ? {} : { uploadLimit: maxUploadSize }),
  })
}
