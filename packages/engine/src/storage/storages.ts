import type { ObjectStore, StoreConfig } from '@errand/task'
import { Problem } from '../problem.ts'
import { openObjectStore, prepareStorage } from './object-store.ts'

/** The configured storages, by name. What was written to one is read from it for ever, whatever the default is then. */
export interface Storages {
  get(name: string): ObjectStore
}

/** @throws {Problem} `storage-invalid`, `storage-unwritable` */
export async function openStorages(configs: Readonly<Record<string, StoreConfig>>): Promise<Storages> {
  const stores = new Map<string, ObjectStore>()
  for (const [name, config] of Object.entries(configs)) {
    await prepareStorage(config)
    stores.set(name, openObjectStore(config))
  }
  return {
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
