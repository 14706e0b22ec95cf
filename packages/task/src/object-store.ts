import type { Readable, Writable } from 'node:stream'

/** What is known of an object without reading it. */
export interface ObjectInfo {
  key: string
  /** In bytes. */
  size: number
  /** When it was last written, by the clock of the storage; absent where the backend does not say. */
  modified?: Date
}

/** The bytes from `start`, and before `end` where it is given. In bytes. */
export interface ByteRange {
  start: number
  end?: number
}

/**
 * A pack's own storage, such as the course store: named objects on whatever backend the platform
 * configured. Keys are `/`-separated; a write is seen whole or not at all.
 */
export interface ObjectStore {
  /** The object as a stream, whose chunks are the reader's own. @throws the stream errors with code `ENOENT` when there is none. */
  read(key: string, range?: ByteRange): Readable
  /** A small object at once, in memory of the caller's own; `undefined` when there is none. */
  get(key: string): Promise<Uint8Array | undefined>
  /** Writes a small object, replacing any before it. */
  put(key: string, content: Uint8Array | string): Promise<void>
  /**
   * Writes a small object if there is none of that key yet. Of several who try at the same moment one succeeds: what a
   * pack needs to take turns without a lock. Backends without such a promise (`webdav`, `memory`) look first.
   *
   * @returns whether it was written
   */
  create(key: string, content: Uint8Array | string): Promise<boolean>
  /** Writes a big one as a stream; it exists once the stream has finished, and never if it is destroyed. */
  write(key: string): Writable
  /** `undefined` when there is none. */
  stat(key: string): Promise<ObjectInfo | undefined>
  /** Every object whose key begins with `prefix`, which ends in `/` or is empty. */
  list(prefix: string): AsyncIterable<ObjectInfo>
  /** Gives an object another key, replacing any before it. */
  move(from: string, to: string): Promise<void>
  /** Deletes the object; no error when there is none. */
  delete(key: string): Promise<void>
}

/** Where a pack's store lives: an OpenDAL scheme and that scheme's own options. */
export interface StoreConfig {
  scheme: string
  [option: string]: string
}
