import { contentOf, displayNameOf, isEmpty, settingsOf, tag } from './block-content.ts'
import { BlockNames } from './block-names.ts'
import { CONTAINERS, FILED_TYPES, LEAVES, mayBeEmpty, mayContain, NOT_BLOCKS, OPTION_NAMESPACE } from './block-types.ts'
import type { Block, Branch, Renamed, Textbook } from './course.ts'
import { type Definition, Definitions, type Place, pointedAt, prefixOf } from './definitions.ts'
import { blockDigest } from './digest.ts'
import { BLOCK_LIMIT, POINTER_DEPTH_LIMIT } from './limits.ts'
import { type NameSource, nameOf, nameToPath } from './names.ts'
import type { Problems } from './problems.ts'
import { transcriptsOf } from './transcripts.ts'
import type { TreeFiles } from './tree-files.ts'
import type { XmlElement } from './xml.ts'

/** The entry of the policy for a block, by `type/url_name`. */
export type PolicyOf = (name: string) => unknown

/**
 * Reads blocks from tags, following pointers from file to file. A definition is read once, however many tags point to it,
 * so that the work is linear in the size of the course.
 */
export class BlockReader {
  readonly blocks: Block[] = []
  readonly byKey = new Map<string, Block>()
  readonly textbooks: Textbook[] = []
  wiki: string | undefined
  private readonly files: TreeFiles
  private readonly problems: Problems
  private readonly policyOf: PolicyOf
  private readonly names: BlockNames
  private readonly definitions: Definitions

  constructor(files: TreeFiles, problems: Problems, policyOf: PolicyOf) {
    this.files = files
    this.problems = problems
    this.policyOf = policyOf
    this.names = new BlockNames(problems)
    this.definitions = new Definitions(files, problems)
  }

  /** The blocks that could not keep their name. */
  get renamed(): readonly Renamed[] {
    return this.names.renamed
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
    if (this.names.isTaken(`draft:${type}/${name}`)) return
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
    if (place.depth > POINTER_DEPTH_LIMIT) {
      const message = `${tag(element)} lies behind more than ${POINTER_DEPTH_LIMIT} files.`
      this.problems.add('TooLarge', place.file, element.line, message)
      return undefined
    }
    const type = element.name
    const pointed = pointedAt(element)
    if (pointed !== undefined) return this.follow(element, pointed, place)
    const { name, source } = nameOf(type, element.attributes, () => place.text.slice(element.start, element.end))
    let definition: Definition = { element, file: place.file, text: place.text, pointer: undefined, broken: false }
    const filename = element.attributes.get('filename')
    if (filename !== undefined && type !== 'html' && FILED_TYPES.has(type) && isEmpty(element)) {
      // The oldest layout: the tag has the settings, the file it names has the content. Of other blocks it is a setting.
      definition = await this.definitions.load(element, type, nameToPath(filename), place, element.attributes)
    } else this.definitions.checkInline(element, type, place)
    return this.define(type, this.names.unique(type, name, source, element, place), source, definition, place, false)
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
    if (!FILED_TYPES.has(type) && this.definitions.locate(type, path, place.branch) === undefined) {
      // A block that is written where it is used, with every setting at its default.
      const definition = { element, file: place.file, text: place.text, pointer: undefined, broken: false }
      return this.define(
        type,
        this.names.unique(type, name, 'url_name', element, place),
        'url_name',
        definition,
        place,
        false,
      )
    }
    const key = `${prefixOf(place.branch)}${type}/${name}`
    if (place.branch === 'draft' && this.byKey.has(`${type}/${name}`)) {
      // Inside a draft, a block without an unpublished version of its own is the published one.
      if (this.definitions.locate(type, path, 'draft')?.startsWith('drafts/') !== true) return `${type}/${name}`
    }
    if (this.names.isTaken(key)) {
      const first = this.byKey.get(key)
      const where = first === undefined ? 'already' : `also at ${at(first.pointer ?? first)}`
      this.problems.add('DuplicateURLName', place.file, element.line, `${tag(element)} is used ${where}.`)
      return first === undefined ? undefined : key
    }
    this.names.claim(type, name, element, place)
    const settings = place.parent === undefined ? element.attributes : undefined
    return this.define(
      type,
      name,
      'url_name',
      await this.definitions.load(element, type, path, place, settings),
      place,
      true,
    )
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
    const key = `${prefixOf(place.branch)}${type}/${name}`
    this.names.take(key)
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
    const html = type === 'html' ? this.definitions.htmlOf(element, name, file, place) : undefined
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
      transcripts: type === 'video' ? transcriptsOf(element) : [],
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
        depth: place.depth + (definition.pointer === undefined ? 0 : 1),
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
      } else if ((NOT_BLOCKS.get(child.name) ?? type) !== type) {
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
      this.definitions.locate(child.name, nameToPath(name), branch) !== undefined
    )
  }
}

function at(place: { file: string; line: number }): string {
  return `${place.file}, line ${place.line}`
}
