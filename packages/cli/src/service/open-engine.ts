import { join } from 'node:path'
import {
  createEngine,
  type Engine,
  type Quota,
  type RetentionPolicy,
  type RolesHook,
  type StateRetention,
} from '@errand/engine'
import type { StoreConfig } from '@errand/task'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { places } from '../folder/data-folder.ts'
import { loadModule } from './load-module.ts'
import { notificationsOf } from './notifications.ts'
import { loadScopeEnds } from './scope-ends.ts'

/** The engine as the configuration wants it: PGlite and files in the data folder, unless it says otherwise. */
export async function openEngine(config: Config, logger: Logger): Promise<Engine> {
  const { database, data, maxUploadSize, quota, retention, routes, scopeEnds } = config
  return createEngine({
    database:
      database === undefined
        ? { kind: 'pglite', dataDir: join(data, places.database) }
        : { kind: 'postgres', url: database },
    storages: storagesOf(config),
    ...(routes === undefined ? {} : { routes }),
    ...(quota === undefined ? {} : { quota: quotaOf(quota) }),
    ...(retention === undefined ? {} : { retention: retentionOf(retention) }),
    ...(scopeEnds === undefined ? {} : { scopeEnds: await loadScopeEnds(scopeEnds) }),
    ...(config.identity?.roles === undefined
      ? {}
      : { roles: await loadModule<RolesHook>(config.identity.roles, 'roles') }),
    ...(config.notifications === undefined ? {} : { notifications: await notificationsOf(config.notifications) }),
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

function retentionOf({ definitions = {}, ...states }: NonNullable<Config['retention']>): RetentionPolicy {
  const named = Object.entries(definitions).map(([name, rule]) => [name, withoutUndefined(rule)] as const)
  return { ...withoutUndefined(states), definitions: Object.fromEntries(named) }
}

type StateRules = Omit<NonNullable<Config['retention']>, 'definitions'>

/** zod gives keys that were left out the type `undefined`; the engine takes its own default for what is not there. */
function withoutUndefined({ canceled, completed, completed_with_errors, failed }: StateRules): StateRetention {
  return {
    ...(completed === undefined ? {} : { completed }),
    ...(completed_with_errors === undefined ? {} : { completed_with_errors }),
    ...(failed === undefined ? {} : { failed }),
    ...(canceled === undefined ? {} : { canceled }),
  }
}
