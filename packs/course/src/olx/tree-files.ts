import { createHash } from 'node:crypto'
import type { CourseTree } from '../tree.ts'
import { decodeText } from './decode.ts'
import { TEXT_FILE_LIMIT } from './limits.ts'
import { normalPath } from './names.ts'
import { parseXml, type XmlResult } from './xml.ts'

/** The files of a course as the reader asks for them: by names from its content, which may be spelled in another Unicode form. */
export class TreeFiles {
  readonly tree: CourseTree
  /** Files something led to. */
  readonly reached = new Set<string>()
  private readonly exact: ReadonlySet<string>
  private readonly composed = new Map<string, string>()

  constructor(tree: CourseTree) {
    this.tree = tree
    this.exact = new Set(tree.paths)
    for (const path of tree.paths) {
      const composed = path.normalize('NFC')
      if (!this.composed.has(composed)) this.composed.set(composed, path)
    }
  }

  /** The path of an existing file under that name; never one outside the course. */
  find(name: string): string | undefined {
    const path = normalPath(name)
    if (path === undefined) return undefined
    return this.exact.has(path) ? path : this.composed.get(path.normalize('NFC'))
  }

  /** The first of the names that exists. */
  findFirst(names: readonly string[]): string | undefined {
    for (const name of names) {
      const found = this.find(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Parses a file, marking it as reached. What is too large is not even read. */
  async xml(path: string): Promise<XmlResult> {
    this.reached.add(path)
    return this.peek(path)
  }

  /** Parses a file without marking it. */
  async peek(path: string): Promise<XmlResult> {
    if (this.tree.size(path) > TEXT_FILE_LIMIT) {
      const message = `it is larger than ${TEXT_FILE_LIMIT / 1024 / 1024} MiB, the most that is parsed`
      return { ok: false, error: { file: path, line: 1, column: 1, message } }
    }
    return parseXml(path, await this.tree.read(path))
  }

  /** The text of a file, or undefined when it is too large or no text; decoding problems are the caller's to report. */
  async text(path: string): Promise<string | undefined> {
    if (this.tree.size(path) > TEXT_FILE_LIMIT) return undefined
    const decoded = decodeText(await this.tree.read(path))
    return decoded.ok ? decoded.text : undefined
  }

  /** A digest of a file's bytes; of its size alone when it is too large to be read whole. */
  async digest(path: string): Promise<string> {
    const size = this.tree.size(path)
    if (size > TEXT_FILE_LIMIT) return `size:${size}`
    return createHash('sha1')
      .update(await this.tree.read(path))
      .digest('hex')
  }
}
