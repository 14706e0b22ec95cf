import { folderOf, PATH_BYTES } from './member-path.ts'

/** As many links in a row as Linux follows. */
export const LINK_HOPS = 40

/** A link that leads to no file. */
export interface FolderLink {
  path: string
  /** As the archive says. */
  target: string
  /** Where it leads in the end; `undefined` when it leads nowhere. */
  end: string | undefined
}

/** What a link to a folder stands for, by paths below the link. */
export interface Inside<Content> {
  found: [path: string, content: Content][]
  /** Links that lead back to a folder they lie in, or lie behind {@link LINK_HOPS} others. */
  loops: string[]
  /** Not all of it was looked at, or some has too long a path there. */
  isCut: boolean
}

type Entry<Content> = { path: string; content: Content } | { path: string; end: string }

/**
 * Looks into folders that links lead to, and on into those that links in them lead to. What it sees is counted, whichever
 * folder it is for: a few links in each of a few folders can stand for more files than there is room for.
 */
export class FolderWalk<Content> {
  /** By path. */
  readonly #entries: readonly Entry<Content>[]
  readonly #limit: number
  #seen = 0

  /** @param limit - entries looked at, in all */
  constructor(files: readonly [path: string, content: Content][], links: readonly FolderLink[], limit: number) {
    const entries: Entry<Content>[] = files.map(([path, content]) => ({ path, content }))
    for (const { path, end } of links) if (end !== undefined) entries.push({ path, end })
    this.#entries = entries.sort((a, b) => (a.path < b.path ? -1 : 1))
    this.#limit = limit
  }

  /** @param link - where the link to the folder is */
  below(folder: string | undefined, link: string): Inside<Content> {
    const inside: Inside<Content> = { found: [], loops: [], isCut: false }
    if (folder !== undefined) this.#follow(folder, link, link, [], inside)
    return inside
  }

  /**
   * @param link - where it is in the archive
   * @param as - where it is when those on the way to it have been followed
   * @param before - the folders that those lie in
   */
  #follow(folder: string, link: string, as: string, before: readonly string[], inside: Inside<Content>): void {
    const through = [...before, folderOf(link)]
    if (through.length > LINK_HOPS || through.some((one) => within(one, folder))) {
      inside.loops.push(as)
      return
    }
    const prefix = `${folder}/`
    for (let at = this.#firstFrom(prefix); ; at++) {
      const entry = this.#entries[at]
      if (!entry?.path.startsWith(prefix)) return
      if (++this.#seen > this.#limit) {
        inside.isCut = true
        return
      }
      const path = `${as}/${entry.path.slice(prefix.length)}`
      // Links behind links could else make paths that no member may have.
      if (Buffer.byteLength(path) > PATH_BYTES) inside.isCut = true
      else if ('content' in entry) inside.found.push([path, entry.content])
      else this.#follow(entry.end, entry.path, path, through, inside)
    }
  }

  /** The place of the first entry that is not before this path. */
  #firstFrom(path: string): number {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#entries[middle]?.path ?? '') < path) low = middle + 1
      else high = middle
    }
    return low
  }
}

function within(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`)
}
