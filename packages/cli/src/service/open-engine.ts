import { join } from 'node:path'
import { createEngine, type Engine, type Quota } from '@errand/engine'
import type { StoreConfig } from '@errand/task'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { places } from '../folder/data-folder.ts'
import { loadScopeEnds } from './scope-ends.ts'

/** The engine as the configuration wants it: PGlite and files in the data folder, unless it says otherwise. */
export async function openEngine(config: Config, logger: Logger): Promise<Engine> {
  const { database, data, maxUploadSize, quota, routes, scopeEnds } = config
  return createEngine({
    database:
      database === undefined
        ? { kind: 'pglite', dataDir: join(data, places.database) }
        : { kind: 'postgres', url: database },
    storages: storagesOf(config),
    ...(routes === undefined ? {} : { routes }),
    ...(quota === undefined ? {} : { quota: quotaOf(quota) }),
    ...(scopeEnds === undefined ? {} : { scopeEnds: await loadScopeEnds(scopeEnds) }),
    logger,
    ...(maxUploadSize === undefined ? {} : { uploadLimit: maxUploadSize }),
  })
}

/** The storages by name: a folder in the data folder, unless the configuration names others. */
export function storagesOf({ data, storages }: Config): Readonly<Record<string, StoreConfig>> {
  return storages ?? { default: { scheme: 'fs', root: join(data, places.storage) } }
}

function quotaOf({ default: fallback, scopes }: NonNullable<Config['quota']>): Quota {
  return { ...(fallback === undefined ? {} : { default: fallback }), ...(scopes === undefined ? {} : { scopes }) }
}
