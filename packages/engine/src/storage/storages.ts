import type { StoreConfig } from '@errand/task'
import { Problem } from '../problem.ts'
import { prepareStorage } from './folder.ts'
import { openObjectStore } from './object-store.ts'
import type { Store } from './store.ts'

/**
 * Which storage takes what: `definition` or `definition/slot` to the name of a storage. The slot's own entry goes before
 * the definition's; what has none goes to `default`.
 *
 * @example
 * ```ts
 * { 'grade-report': 'reports', 'grade-report/errors': 'default' }
 * ```
 */
export type StorageRoutes = Readonly<Record<string, string>>

/** The configured storages, by name. What was written to one is read from it for ever, whatever the default is then. */
export interface Storages {
  /** @throws {Problem} `storage-missing` */
  get(name: string): Store
  /** The name of the storage for an output of this slot. */
  route(definition: string, slot: string): string
  readonly names: readonly string[]
}

/** @throws {Problem} `storage-invalid`, `storage-unwritable`, `storage-route-invalid` */
export async function openStorages(
  configs: Readonly<Record<string, StoreConfig>>,
  routes: StorageRoutes = {},
): Promise<Storages> {
  const stores = new Map<string, Store>()
  for (const [name, config] of Object.entries(configs)) {
    await prepareStorage(config)
    stores.set(name, openObjectStore(config))
  }
  for (const [what, name] of Object.entries(routes)) if (!stores.has(name)) throw routeInvalid(what, name, stores)
  return {
    names: [...stores.keys()],
    route: (definition, slot) => routes[`${definition}/${slot}`] ?? routes[definition] ?? 'default',
    get(name) {
      const store = stores.get(name)
      if (store) return store
      throw new Problem({
        code: 'storage-missing',
        status: 503,
        title: `The storage "${name}" is not configured`,
        detail: 'A file was written to it, and it is no longer in the configuration.',
        hint: `Add "${name}" to storages again, as it was.`,
      })
    },
  }
}

function routeInvalid(what: string, name: string, stores: ReadonlyMap<string, unknown>): Problem {
  return new Problem({
    code: 'storage-route-invalid',
    status: 500,
    title: `There is no storage "${name}"`,
    detail: `Outputs of ${what} are to go there.`,
    hint: `Storages are ${[...stores.keys()].join(', ')}; correct routes in the configuration.`,
  })
}
