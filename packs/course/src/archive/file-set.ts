import type { Notes } from '../import/notes.ts'
import { inFolderOrder } from './folder-order.ts'
import { type FolderLink, FolderWalk, LINK_HOPS } from './folder-walk.ts'
import { folderOf, linkTarget } from './member-path.ts'
import { nameCollisions } from './name-collisions.ts'

/**
 * The files of an archive by path, as its members come by. What a file system would decide in its own way
 * (a name twice, a file where a folder is, links) is decided here, always in the same way, and noted.
 */
export class FileSet<Content> {
  readonly #files = new Map<string, Content>()
  readonly #links = new Map<string, { target: string; hard: boolean }>()
  readonly #notes: Notes
  /** Files that links to folders may add. */
  readonly #limit: number

  constructor(notes: Notes, limit: number) {
    this.#notes = notes
    this.#limit = limit
  }

  /** A later member of the same name replaces the earlier one, as it does when an archive is unpacked. */
  addFile(path: string, content: Content): void {
    if (this.#files.has(path) || this.#links.has(path)) {
      this.#notes.add('duplicate', path, 'The archive holds it more than once; the last one was taken.')
    }
    this.#links.delete(path)
    this.#files.set(path, content)
  }

  /** @throws {TaskFailure} `archive-link-escapes`, `archive-path-invalid` */
  addLink(path: string, target: string, hard: boolean): void {
    const resolved = linkTarget(path, target, hard ? '' : folderOf(path))
    if (this.#files.has(path) || this.#links.has(path)) {
      this.#notes.add('duplicate', path, 'The archive holds it more than once; the last one was taken.')
    }
    this.#files.delete(path)
    this.#links.set(path, { target: resolved, hard })
  }

  /** All files, links replaced by what they point to. */
  resolve(): Map<string, Content> {
    const files = new Map(this.#files)
    const folders: FolderLink[] = []
    for (const [path, { target }] of [...this.#links].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const end = this.#follow(target)
      const content = end === undefined ? undefined : this.#files.get(end)
      if (content !== undefined) files.set(path, content)
      else folders.push({ path, target, end })
    }
    // Only now, as a folder holds what links to files put there as well.
    this.#fillFolders(folders, files)
    this.#dropCovered(files)
    this.#noteCollisions(files)
    return files
  }

  #fillFolders(links: readonly FolderLink[], files: Map<string, Content>): void {
    const walk = new FolderWalk([...files], links, this.#limit)
    for (const { path, target, end } of links) {
      const { found, loops, isCut } = walk.below(end, path)
      for (const [inner, content] of found) {
        // What is there by itself comes first.
        if (!files.has(inner)) files.set(inner, content)
      }
      for (const loop of loops) {
        const message = 'It is a link back to a folder that it lies in, or lies behind too many links; it was left out.'
        this.#notes.add('link', loop, message)
      }
      if (isCut) {
        this.#notes.add(
          'link',
          path,
          'It is a link to a folder with too many files, or with too long paths; some were left out.',
        )
      } else if (found.length + loops.length === 0) {
        this.#notes.add('link', path, `It is a link to "${target}", which is not in the archive; it was left out.`)
      }
    }
  }

  #follow(path: string): string | undefined {
    let at = path
    for (let hop = 0; hop < LINK_HOPS; hop++) {
      const next = this.#links.get(at)?.target ?? this.#throughFolder(at)
      if (next === undefined) return at
      at = next
    }
    return undefined
  }

  /** The same path with the first link to a folder on its way replaced. */
  #throughFolder(path: string): string | undefined {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const link = this.#links.get(path.slice(0, slash))
      if (link) return link.target === '' ? path.slice(slash + 1) : link.target + path.slice(slash)
    }
    return undefined
  }

  /** A name cannot be a file and a folder: the folder holds more. */
  #dropCovered(files: Map<string, Content>): void {
    const paths = inFolderOrder(files.keys())
    for (const [index, path] of paths.entries()) {
      if (!paths[index + 1]?.startsWith(`${path}/`)) continue
      files.delete(path)
      this.#notes.add('dropped', path, 'The archive holds a folder of the same name; the file was left out.')
    }
  }

  #noteCollisions(files: ReadonlyMap<string, Content>): void {
    for (const { path, other, by } of nameCollisions(files.keys())) {
      const message = `It differs from "${other}" only by ${by}; both were kept, but some computers cannot hold both.`
      this.#notes.add('name-collision', path, message)
    }
  }
}
