import { isEmpty, tag } from './block-content.ts'
import { FILED_TYPES, mayBeEmpty } from './block-types.ts'
import type { Branch } from './course.ts'
import { htmlCandidates } from './html-file.ts'
import { nameToPath } from './names.ts'
import type { ProblemCode, Problems } from './problems.ts'
import type { TreeFiles } from './tree-files.ts'
import type { XmlElement } from './xml.ts'

/** Where a tag stands. */
export interface Place {
  readonly file: string
  readonly text: string
  readonly branch: Branch
  readonly parent: { readonly key: string; readonly type: string } | undefined
  /** How many files led here. */
  readonly depth: number
  readonly draftIndex: number | undefined
}

/** A tag together with the definition it stands for. */
export interface Definition {
  readonly element: XmlElement
  readonly file: string
  readonly text: string
  readonly pointer: { readonly file: string; readonly line: number } | undefined
  readonly broken: boolean
}

/** The name a pure pointer holds: no content, and no attribute but the ones a pointer has. */
export function pointedAt(element: XmlElement): string | undefined {
  const { attributes } = element
  const name = attributes.get('url_name')
  if (!name || !isEmpty(element)) return undefined
  const wanted = pointerAttributes(element)
  return attributes.size === wanted.length && wanted.every((one) => attributes.has(one)) ? name : undefined
}

function pointerAttributes({ name }: XmlElement): readonly string[] {
  return name === 'course' ? ['url_name', 'org', 'course'] : ['url_name']
}

/** How an empty tag with a `url_name` differs from a pointer. */
function unlikePointer(element: XmlElement): string {
  const wanted = pointerAttributes(element)
  const missing = wanted.filter((one) => !element.attributes.has(one))
  const extra = [...element.attributes.keys()].filter((one) => !wanted.includes(one))
  const parts: string[] = []
  if (missing.length > 0) parts.push(`lacks ${missing.join(' and ')}`)
  if (extra.length > 0) {
    const own = wanted.length === 1 ? 'a url_name' : wanted.join(', ')
    parts.push(`has more than ${own}: ${extra.join(', ')}`)
  }
  return parts.join(' and ')
}

/** What the keys of a branch's blocks begin with. */
export function prefixOf(branch: Branch): string {
  return branch === 'draft' ? 'draft:' : ''
}

/** Finds and loads the definitions that tags stand for, and reports what is wrong with the way they are pointed at. */
export class Definitions {
  private readonly files: TreeFiles
  private readonly problems: Problems
  /** The tag that took each file, by branch and file: each is read once, so that files cannot hold each other for ever. */
  private readonly loaded = new Map<string, string>()
  /** Which tag each HTML file is the content of. */
  private readonly htmlUsers = new Map<string, string>()

  constructor(files: TreeFiles, problems: Problems) {
    this.files = files
    this.problems = problems
  }

  /** The file of a definition; a draft's may be the published one. */
  locate(type: string, path: string, branch: Branch): string | undefined {
    const names = [`${type}/${path}.xml`]
    if (type === 'html') names.push(`${type}/${path}.html`)
    return this.files.findFirst(branch === 'draft' ? [...names.map((name) => `drafts/${name}`), ...names] : names)
  }

  /** Loads the file a tag stands for. */
  async load(
    element: XmlElement,
    type: string,
    path: string,
    place: Place,
    settings: ReadonlyMap<string, string> | undefined,
  ): Promise<Definition> {
    const here = { file: place.file, line: element.line }
    const file = this.locate(type, path, place.branch) ?? this.onlyCourseFile(type, path, here)
    const self: Definition = { element, file: place.file, text: place.text, pointer: undefined, broken: true }
    if (file === undefined) {
      const expected = `${type}/${path}.xml`
      this.problems.add(
        'FileDoesNotExist',
        here.file,
        here.line,
        `${tag(element)} points to ${expected}, which does not exist.`,
      )
      return self
    }
    const first = this.loaded.get(`${place.branch} ${file}`)
    if (first !== undefined) {
      const message = `${tag(element)} takes its content from ${file}, which is already that of the tag at ${first}.`
      this.problems.add('DuplicateURLName', here.file, here.line, message)
      return self
    }
    this.loaded.set(`${place.branch} ${file}`, `${here.file}, line ${here.line}`)
    if (file.endsWith('.html')) {
      // The whole block is its HTML file.
      return {
        ...self,
        element: { ...element, attributes: new Map([...element.attributes, ['filename', path]]) },
        broken: false,
      }
    }
    const parsed = await this.files.xml(file)
    if (!parsed.ok) {
      const { line, column, message } = parsed.error
      this.problems.add('InvalidXML', file, line, `The file is not well-formed XML: ${message}.`, column)
      return { ...self, file, pointer: here }
    }
    const { root, text } = parsed
    if (root.name !== type) {
      this.problems.add(
        'TagMismatch',
        file,
        root.line,
        `The file should open with <${type}> and opens with <${root.name}>.`,
      )
    }
    const found = this.checkTarget(root, file, path)
    if (settings !== undefined) for (const [name, value] of settings) root.attributes.set(name, value)
    return { element: root, file, text, pointer: here, broken: !found }
  }

  /** When the course's own file is not where it should be and there is one candidate, that is it. */
  private onlyCourseFile(type: string, path: string, here: { file: string; line: number }): string | undefined {
    if (type !== 'course') return undefined
    const candidates = this.files.tree.paths.filter((one) => /^course\/[^/]+\.xml$/.test(one))
    if (candidates.length !== 1) return undefined
    const message = `course/${path}.xml does not exist; ${candidates[0]} was read in its place.`
    this.problems.add('FileDoesNotExist', here.file, here.line, message)
    return candidates[0]
  }

  /** Whether the file of a definition holds one, and not another pointer. */
  private checkTarget(root: XmlElement, file: string, path: string): boolean {
    const own = root.attributes.get('url_name')
    const base = path.slice(path.lastIndexOf('/') + 1)
    const same = own === base || own === path || own === path.replaceAll('/', ':')
    if (pointedAt(root) !== undefined && FILED_TYPES.has(root.name)) {
      if (same) this.problems.add('SelfPointer', file, root.line, `${tag(root)} points to its own file.`)
      else {
        const message = `The file is pointed at, and yet holds only a pointer itself: ${tag(root)}.`
        this.problems.add('PointerAlreadyPointedAt', file, root.line, message)
      }
      return false
    }
    if (own !== undefined && !same) {
      this.problems.add('URLNameMismatch', file, root.line, `${tag(root)} is in a file named ${base}.xml.`)
    }
    return true
  }

  /** What only a tag that is not a pointer can have wrong. */
  checkInline(element: XmlElement, type: string, place: Place): void {
    const name = element.attributes.get('url_name')
    if (name === undefined) return
    const file = this.locate(type, nameToPath(name), place.branch)
    const isHtmlFile = element.attributes.has('filename') && type === 'html'
    const report = (code: ProblemCode, what: string) => {
      // That the file is not used is part of what is reported.
      if (file !== undefined) this.files.reached.add(file)
      this.problems.add(code, place.file, element.line, `${tag(element)} ${what}`)
    }
    if (isEmpty(element) && !mayBeEmpty(type) && !isHtmlFile) {
      const meant = file === undefined ? '' : ` The file ${file} exists and is not used.`
      report('InvalidPointer', `is empty and so should be a pointer, but it ${unlikePointer(element)}.${meant}`)
    } else if (file !== undefined && file !== place.file) {
      const unused = `is written out here although ${file} exists, which is not used.`
      if (file.endsWith('.xml')) report('PossiblePointer', unused)
      // An HTML file that the tag names itself is looked at where it is read.
      else if (!isHtmlFile) report('PossibleHTMLPointer', unused)
    }
  }

  /** The file an HTML block takes its content from. */
  htmlOf(element: XmlElement, name: string, file: string, place: Place): string | undefined {
    const filename = element.attributes.get('filename')
    if (!filename) return undefined
    const published = htmlCandidates('', name, filename)
    const candidates =
      place.branch === 'draft' ? [...htmlCandidates('drafts/', name, filename), ...published] : published
    const found = this.files.findFirst(candidates)
    if (!isEmpty(element)) {
      if (found !== undefined) {
        const message = `${tag(element)} has content and also names ${found}, which is not used.`
        this.problems.add('PossibleHTMLPointer', file, element.line, message)
      }
      return undefined
    }
    if (filename.includes(':')) {
      this.problems.add(
        'NonFlatFilename',
        file,
        element.line,
        `${tag(element)} names a file in a folder by a colon: ${filename}.`,
      )
    }
    if (found === undefined) {
      const message = `${tag(element)} takes its content from ${candidates[0] ?? filename}, which does not exist.`
      this.problems.add('FileDoesNotExist', file, element.line, message)
      return undefined
    }
    this.files.reached.add(found)
    const other = this.htmlUsers.get(found)
    if (other === undefined) this.htmlUsers.set(found, `${file}, line ${element.line}`)
    else
      this.problems.add('DuplicateHTMLName', file, element.line, `${found} is also the content of the tag at ${other}.`)
    return found
  }
}
