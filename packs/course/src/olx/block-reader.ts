import { contentOf, displayNameOf, isEmpty, settingsOf, tag } from './block-content.ts'
import { CONTAINERS, FILED_TYPES, LEAVES, mayBeEmpty, mayContain, NOT_BLOCKS, OPTION_NAMESPACE } from './block-types.ts'
import type { Block, Branch, Renamed, Textbook } from './course.ts'
import { blockDigest } from './digest.ts'
import { htmlCandidates } from './html-file.ts'
import { BLOCK_LIMIT, POINTER_DEPTH_LIMIT } from './limits.ts'
import { type NameSource, nameOf, nameToPath, renamed } from './names.ts'
import type { Problems } from './problems.ts'
import type { TreeFiles } from './tree-files.ts'
import type { XmlElement } from './xml.ts'

/** Where a tag stands. */
interface Place {
  readonly file: string
  readonly text: string
  readonly branch: Branch
  readonly parent: { readonly key: string; readonly type: string } | undefined
  /** How many files led here. */
  readonly depth: number
  readonly draftIndex: number | undefined
}

/** A tag together with the definition it stands for. */
interface Definition {
  readonly element: XmlElement
  readonly file: string
  readonly text: string
  readonly pointer: { readonly file: string; readonly line: number } | undefined
  readonly broken: boolean
}

/** The entry of the policy for a block, by `type/url_name`. */
export type PolicyOf = (name: string) => unknown

/**
 * Reads blocks from tags, following pointers from file to file. A definition is read once, however many tags point to it,
 * so that the work is linear in the size of the course.
 */
export class BlockReader {
  readonly blocks: Block[] = []
  readonly byKey = new Map<string, Block>()
  readonly renamed: Renamed[] = []
  readonly textbooks: Textbook[] = []
  wiki: string | undefined
  private readonly files: TreeFiles
  private readonly problems: Problems
  private readonly policyOf: PolicyOf
  /** Keys whose blocks are being read or have been. */
  private readonly taken = new Set<string>()
  private readonly firstNamed = new Map<string, string>()
  private readonly htmlUsers = new Map<string, string>()

  constructor(files: TreeFiles, problems: Problems, policyOf: PolicyOf) {
    this.files = files
    this.problems = problems
    this.policyOf = policyOf
  }

  /** Reads the course or library and all it holds. */
  async readRoot(element: XmlElement, file: string, text: string): Promise<void> {
    await this.read(element, { file, text, branch: 'published', parent: undefined, depth: 0, draftIndex: undefined })
  }

  /** Reads a draft that is not inside another one. */
  async readDraft(
    element: XmlElement,
    file: string,
    text: string,
    under: Place['parent'],
    index: number,
  ): Promise<void> {
    const match = /^drafts\/([^/]+)\/(.+)\.xml$/.exec(file)
    const [, type = element.name, path = element.name] = match ?? []
    const name = path.replaceAll('/', ':')
    if (this.taken.has(`draft:${type}/${name}`)) return
    const place: Place = { file, text, branch: 'draft', parent: under, depth: 1, draftIndex: index }
    const definition = { element, file, text, pointer: undefined, broken: false }
    await this.define(type, name, 'url_name', definition, place, true)
  }

  /** Reads one tag; gives the key of its block. */
  private async read(element: XmlElement, place: Place): Promise<string | undefined> {
    if (this.blocks.length >= BLOCK_LIMIT) {
      this.problems.add('TooLarge', place.file, element.line, `The course has more than ${BLOCK_LIMIT} blocks.`)
      return undefined
    }
    const type = element.name
    const pointed = this.pointedAt(element)
    if (pointed !== undefined) return this.follow(element, pointed, place)
    const { name, source } = nameOf(type, element.attributes, () => place.text.slice(element.start, element.end))
    let definition: Definition = { element, file: place.file, text: place.text, pointer: undefined, broken: false }
    const filename = element.attributes.get('filename')
    if (filename !== undefined && type !== 'html' && isEmpty(element)) {
      // The oldest layout: the tag has the settings, the file it names has the content.
      definition = await this.load(element, type, nameToPath(filename), place, element.attributes)
    } else if (place.parent !== undefined) this.checkInline(element, type, place)
    return this.define(type, this.unique(type, name, source, element, place), source, definition, place, false)
  }

  /** The name a pure pointer holds: no content, and no attribute but the ones a pointer has. */
  private pointedAt(element: XmlElement): string | undefined {
    const { attributes } = element
    const name = attributes.get('url_name')
    if (!name || !isEmpty(element)) return undefined
    const wanted = element.name === 'course' ? ['url_name', 'org', 'course'] : ['url_name']
    return attributes.size === wanted.length && wanted.every((one) => attributes.has(one)) ? name : undefined
  }

  private async follow(element: XmlElement, name: string, place: Place): Promise<string | undefined> {
    const type = element.name
    if (name.includes(':')) {
      this.problems.add(
        'NonFlatURLName',
        place.file,
        element.line,
        `${tag(element)} names a file in a folder by a colon.`,
      )
    }
    const path = nameToPath(name)
    if (!FILED_TYPES.has(type) && this.locate(type, path, place.branch) === undefined) {
      // A block that is written where it is used, with every setting at its default.
      const definition = { element, file: place.file, text: place.text, pointer: undefined, broken: false }
      return this.define(
        type,
        this.unique(type, name, 'url_name', element, place),
        'url_name',
        definition,
        place,
        false,
      )
    }
    const key = `${prefix(place.branch)}${type}/${name}`
    if (place.branch === 'draft' && this.byKey.has(`${type}/${name}`)) {
      // Inside a draft, a block without an unpublished version of its own is the published one.
      if (this.locate(type, path, 'draft')?.startsWith('drafts/') !== true) return `${type}/${name}`
    }
    if (this.taken.has(key)) {
      const first = this.byKey.get(key)
      const where = first === undefined ? 'already' : `also at ${at(first.pointer ?? first)}`
      this.problems.add('DuplicateURLName', place.file, element.line, `${tag(element)} is used ${where}.`)
      return first === undefined ? undefined : key
    }
    if (place.depth >= POINTER_DEPTH_LIMIT) {
      this.problems.add(
        'TooLarge',
        place.file,
        element.line,
        `${tag(element)} lies behind more than ${POINTER_DEPTH_LIMIT} files.`,
      )
      return undefined
    }
    this.claim(type, name, element, place)
    const settings = place.parent === undefined ? element.attributes : undefined
    return this.define(type, name, 'url_name', await this.load(element, type, path, place, settings), place, true)
  }

  /** The file of a definition; a draft's may be the published one. */
  private locate(type: string, path: string, branch: Branch): string | undefined {
    const names = [`${type}/${path}.xml`]
    if (type === 'html') names.push(`${type}/${path}.html`)
    return this.files.findFirst(branch === 'draft' ? [...names.map((name) => `drafts/${name}`), ...names] : names)
  }

  /** Loads the file a tag stands for. */
  private async load(
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
    if (this.pointedAt(root) !== undefined && FILED_TYPES.has(root.name)) {
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
  private checkInline(element: XmlElement, type: string, place: Place): void {
    const name = element.attributes.get('url_name')
    if (name === undefined) return
    const file = this.locate(type, nameToPath(name), place.branch)
    const isHtmlFile = element.attributes.has('filename') && type === 'html'
    if (isEmpty(element) && !mayBeEmpty(type) && !isHtmlFile) {
      const extra = [...element.attributes.keys()].filter((one) => one !== 'url_name').join(', ')
      const meant = file === undefined ? '' : ` The file ${file} exists and is not used.`
      const message = `${tag(element)} is empty and so should be a pointer, but it has more than a url_name: ${extra}.${meant}`
      this.problems.add('InvalidPointer', place.file, element.line, message)
    } else if (file?.endsWith('.xml') && file !== place.file) {
      const message = `${tag(element)} is written out here although ${file} exists, which is not used.`
      this.problems.add('PossiblePointer', place.file, element.line, message)
    }
  }

  /** Notes that a name is in use, and who uses it too. */
  private claim(type: string, name: string, element: XmlElement, place: Place): void {
    this.taken.add(`${prefix(place.branch)}${type}/${name}`)
    const common = `${prefix(place.branch)}${name}`
    const first = this.firstNamed.get(common)
    if (first === undefined) this.firstNamed.set(common, `<${type}> at ${place.file}, line ${element.line}`)
    else
      this.problems.add(
        'DuplicateURLName',
        place.file,
        element.line,
        `The url_name of ${tag(element)} is also that of ${first}.`,
      )
  }

  /** A name for a block that no other of its type has. */
  private unique(type: string, name: string, source: NameSource, element: XmlElement, place: Place): string {
    const start = prefix(place.branch)
    const given = source === 'url_name' || source === 'slug'
    if (given) {
      const before = this.taken.has(`${start}${type}/${name}`)
      this.claim(type, name, element, place)
      if (!before) return name
    } else if (!this.taken.has(`${start}${type}/${name}`)) {
      this.taken.add(`${start}${type}/${name}`)
      return name
    }
    const base = renamed(type, name, place.text.slice(element.start, element.end))
    let to = base
    for (let n = 2; this.taken.has(`${start}${type}/${to}`); n++) to = `${base}_${n}`
    this.taken.add(`${start}${type}/${to}`)
    if (source !== 'generated') this.renamed.push({ type, from: name, to, file: place.file, line: element.line })
    return to
  }

  /** Makes a block of a definition, and of what it holds. */
  private async define(
    type: string,
    name: string,
    source: NameSource,
    definition: Definition,
    place: Place,
    pointed: boolean,
  ): Promise<string> {
    const { element, file, text, broken } = definition
    const key = `${prefix(place.branch)}${type}/${name}`
    this.taken.add(key)
    if (place.parent !== undefined && !mayContain(place.parent.type, type)) {
      const line = definition.pointer?.line ?? element.line
      this.problems.add(
        'UnexpectedTag',
        definition.pointer?.file ?? file,
        line,
        `<${type}> is not allowed in <${place.parent.type}>.`,
      )
    }
    // Reserved now and filled below, so that a parent comes before its children.
    const position = this.blocks.length
    const children: string[] = []
    const blockChildren = new Set<XmlElement>()
    const html = type === 'html' ? this.htmlOf(element, name, file, place) : undefined
    const attributes = settingsOf(element)
    const policy = this.policyOf(`${type}/${name}`)
    const own = { key, type, urlName: name, nameSource: source, branch: place.branch, file, line: element.line }
    const content = contentOf(element, type)
    const block: Block = {
      ...own,
      pointer: definition.pointer,
      parent: place.parent?.key,
      children,
      displayName: displayNameOf(policy, attributes),
      attributes,
      html,
      links: content.links,
      assessments: content.assessments,
      dataProblem: content.dataProblem,
      digest: '',
      broken,
      draftIndex: place.draftIndex,
    }
    this.blocks.push(block)
    if (!broken) {
      if (CONTAINERS.has(type)) this.checkContainer(element, type, file)
      const empty = isEmpty(element) && html === undefined && !(type === 'html' && attributes.has('filename'))
      if (empty && !mayBeEmpty(type) && (pointed || !attributes.has('url_name'))) {
        this.problems.add('EmptyTag', file, element.line, `${tag(element)} holds nothing.`)
      }
      const inside: Place = {
        file,
        text,
        branch: place.branch,
        parent: { key, type },
        depth: place.depth + (pointed ? 1 : 0),
        draftIndex: undefined,
      }
      for (const child of element.children) {
        if (!this.isBlock(child, type, place.branch)) continue
        blockChildren.add(child)
        const childKey = await this.read(child, inside)
        if (childKey !== undefined) children.push(childKey)
      }
    }
    const htmlDigest = html === undefined ? undefined : await this.files.digest(html)
    const digest = blockDigest({ type, element, blockChildren, children, html: htmlDigest, policy })
    const finished: Block = { ...block, digest }
    this.blocks[position] = finished
    this.byKey.set(key, finished)
    return key
  }

  private checkContainer(element: XmlElement, type: string, file: string): void {
    if (element.textLine !== undefined) {
      const shown = element.text.trim().slice(0, 40)
      this.problems.add(
        'UnexpectedContent',
        file,
        element.textLine,
        `Text directly in <${type}> is not shown anywhere: "${shown}".`,
      )
    }
    for (const child of element.children) {
      if (child.name === 'wiki' && type === 'course') this.wiki ??= child.attributes.get('slug')
      else if (child.name === 'textbook' && type === 'course') {
        const title = child.attributes.get('title')
        this.textbooks.push({ title, url: child.attributes.get('book_url'), file, line: child.line })
      } else if (NOT_BLOCKS.has(child.name) && type === 'vertical') {
        this.problems.add('UnexpectedTag', file, child.line, `<${child.name}> is not allowed in <${type}>.`)
      }
    }
  }

  private isBlock(child: XmlElement, parent: string, branch: Branch): boolean {
    if (child.namespace === OPTION_NAMESPACE) return false
    if (CONTAINERS.has(parent)) return !NOT_BLOCKS.has(child.name)
    if (LEAVES.has(parent)) return false
    // A type nobody told us of: what looks exactly like a block in it is one.
    const name = child.attributes.get('url_name')
    if (!name) return false
    return (
      FILED_TYPES.has(child.name) ||
      LEAVES.has(child.name) ||
      this.locate(child.name, nameToPath(name), branch) !== undefined
    )
  }

  private htmlOf(element: XmlElement, name: string, file: string, place: Place): string | undefined {
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

function prefix(branch: Branch): string {
  return branch === 'draft' ? 'draft:' : ''
}

function at(place: { file: string; line: number }): string {
  return `${place.file}, line ${place.line}`
}
