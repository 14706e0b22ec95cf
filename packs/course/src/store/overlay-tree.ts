import { hash } from 'node:crypto'
import type { CourseTree } from '../tree.ts'
import type { StoredTree } from './stored-tree.ts'

/** Where a file of an overlay comes from. */
export interface OverlaidFile {
  size: number
  /** Hexadecimal. */
  sha256: string
  /** Set when it lies in the store as an object of its own. */
  stored: boolean
}

/** Several trees as one: of a path in more than one of them, the first tree's file is taken. */
export class OverlayTree implements CourseTree {
  readonly paths: readonly string[]
  readonly #owners = new Map<string, StoredTree>()
  /** Set when there is nothing to lay over one another. */
  readonly #only: StoredTree | undefined
  readonly #contents: ReadonlyMap<string, Uint8Array>

  /**
   * @param contents - files that take the place of any tree's
   * @param leftOut - files of the trees that are not to be in it
   */
  constructor(
    trees: readonly StoredTree[],
    contents: ReadonlyMap<string, Uint8Array> = new Map(),
    leftOut: ReadonlySet<string> = new Set(),
  ) {
    this.#contents = contents
    const [only] = trees
    if (only && trees.length === 1 && contents.size + leftOut.size === 0) {
      this.#only = only
      this.paths = only.paths
      return
    }
    for (const tree of trees) {
      for (const path of tree.paths) {
        if (!this.#owners.has(path) && !leftOut.has(path)) this.#owners.set(path, tree)
      }
    }
    this.paths = [...new Set([...this.#owners.keys(), ...contents.keys()])].sort()
  }

  file(path: string): OverlaidFile {
    const content = this.#contents.get(path)
    if (content) return { size: content.length, sha256: hash('sha256', content, 'hex'), stored: false }
    const { size, sha256, offset } = this.#owner(path).place(path)
    return { size, sha256, stored: offset === undefined }
  }

  size(path: string): number {
    return this.#contents.get(path)?.length ?? this.#owner(path).size(path)
  }

  async read(path: string): Promise<Uint8Array> {
    return this.#contents.get(path) ?? this.#owner(path).read(path)
  }

  #owner(path: string): StoredTree {
    const owner = this.#only ?? this.#owners.get(path)
    if (!owner) throw new RangeError(`There is no file ${path}`)
    return owner
  }
}
