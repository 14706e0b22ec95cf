import type { Writable } from 'node:stream'
import type { ObjectStore } from '@errand/task'

/** What a backend that serves an object itself tells whoever fetches it. */
export interface WriteOptions {
  mediaType?: string
  /** A whole Content-Disposition, as `attachment` makes one. */
  disposition?: string
  /**
   * Each chunk is alone in its memory, and nobody looks at it again: the storage may give that memory back as soon as the
   * bytes are written.
   */
  handedOver?: boolean
}

/** An object store as the engine uses it: what packs have, and the ways to let others serve the bytes. */
export interface Store extends ObjectStore {
  readonly scheme: string
  /** As in {@link ObjectStore}; backends that serve objects to browsers keep what `options` says with the object. */
  write(key: string, options?: WriteOptions): Writable
  /** An address that serves the object to whoever has it, for so many seconds; `undefined` where the backend has none. */
  sign(key: string, seconds: number): Promise<string | undefined>
  /** Where the object lies on this machine; `undefined` for every scheme but `fs`. */
  path(key: string): string | undefined
}
