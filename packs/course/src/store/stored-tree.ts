import type { ObjectStore } from '@errand/task'
import { TaskFailure } from '@errand/task'
import type { CourseTree } from '../tree.ts'
import { BlobReader } from './blob-reader.ts'
import { objectKey } from './object-keys.ts'
import type { Structure } from './structure.ts'

/** Where the bytes of a file are: an object of its own, or a piece of a bundle. */
export interface FilePlace {
  path: string
  /** In bytes. */
  size: number
  /** Hexadecimal. */
  sha256: string
  /** Where it begins in the bundle; absent when it is an object of its own. */
  offset?: number
}

/** The files of a course as they lie in the store, small ones in a bundle. */
export class StoredTree implements CourseTree {
  readonly paths: readonly string[]
  readonly #files: ReadonlyMap<string, FilePlace>
  readonly #store: ObjectStore
  readonly #bundle: BlobReader

  constructor(store: ObjectStore, files: readonly FilePlace[], bundle: { key: string; size: number }) {
    this.#store = store
    this.#files = new Map(files.map((file) => [file.path, file]))
    this.paths = [...this.#files.keys()].sort()
    this.#bundle = new BlobReader(store, bundle.key, bundle.size)
  }

  /** The files of a version. */
  static of(store: ObjectStore, structure: Structure): StoredTree {
    let offset = structure.bodyStart
    const places = structure.files.map(({ path, size, sha256, bundled }) => {
      if (!bundled) return { path, size, sha256 }
      const place = { path, size, sha256, offset }
      offset += size
      return place
    })
    return new StoredTree(store, places, { key: objectKey(structure.sha256), size: structure.size })
  }

  /** @throws {RangeError} when there is no such file */
  place(path: string): FilePlace {
    const place = this.#files.get(path)
    if (!place) throw new RangeError(`There is no file ${path}`)
    return place
  }

  has(path: string): boolean {
    return this.#files.has(path)
  }

  size(path: string): number {
    return this.place(path).size
  }

  /** Whether the storage still gives what it must: tells a file that is lost from a storage that is away. */
  async answers(): Promise<boolean> {
    return this.#bundle.answers()
  }

  async read(path: string): Promise<Uint8Array> {
    const { size, sha256, offset } = this.place(path)
    if (offset !== undefined) return this.#bundle.read(offset, size)
    const content = await this.#store.get(objectKey(sha256))
    if (content) return content
    throw new TaskFailure({
      code: 'course-file-lost',
      title: 'A file of the course cannot be read from storage',
      detail: `${path} (object ${objectKey(sha256)}) is not there.`,
      hint: 'Ask the operator to restore the course storage from a backup.',
    })
  }
}
