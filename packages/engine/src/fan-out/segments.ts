import { safeSegment } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'

/** Whose output it is. */
export interface SegmentOwner {
  definition: string
  scope: string
  taskId: string
  step: string
}

/** What flushes append, as objects in the slot's storage until the output is put together. */
export class Segments {
  readonly #storages: Storages

  constructor(storages: Storages) {
    this.#storages = storages
  }

  /**
   * Stores one. The name has the lease, so that a worker that lost its slice never writes over what its follower wrote;
   * what is in no row in the end is removed with the others.
   */
  async write(
    owner: SegmentOwner,
    slot: string,
    place: { page: number; item: number; lease: string },
    bytes: Uint8Array,
  ): Promise<{ storage: string; key: string }> {
    const storage = this.#storages.route(owner.definition, slot)
    const name = `${slot}-${place.page}-${place.item}-${place.lease}`
    const key = `${folderOf(owner)}${safeSegment(name)}`
    await this.#storages.get(storage).put(key, bytes)
    return { storage, key }
  }

  /** @throws {Error} when it is gone, which only happens if somebody tidied up in the storage */
  async read({ key, storage }: { storage: string; key: string }): Promise<Uint8Array> {
    const bytes = await this.#storages.get(storage).get(key)
    if (bytes === undefined) throw new Error(`The segment ${key} is not in the storage "${storage}" any more.`)
    return bytes
  }

  /** Removes all that a fan-out has stored, also what no row knows of. */
  async removeAll(owner: SegmentOwner): Promise<void> {
    for (const name of this.#storages.names) {
      const store = this.#storages.get(name)
      for await (const { key } of store.list(folderOf(owner))) await store.delete(key)
    }
  }
}

function folderOf({ definition, scope, step, taskId }: SegmentOwner): string {
  return `${[scope === '' ? 'none' : scope, definition, taskId, `segments-${step}`].map(safeSegment).join('/')}/`
}
