import { type DefaultTreeAdapterTypes, type ParserError, parse, parseFragment } from 'parse5'
import { LINK_LIMIT } from '../olx/limits.ts'
import { isInternal, type Link } from '../olx/links.ts'
import { findNestingMistakes } from './html-nesting.ts'

/** The largest HTML file that is checked, in bytes: made badly, it can take time with the square of its size. */
export const HTML_LIMIT = 2 * 1024 * 1024

/** What the standard calls an error although every browser, and every author, takes it the same way. */
const HARMLESS: ReadonlySet<string> = new Set([
  'missing-doctype',
  'misplaced-doctype',
  'non-conforming-doctype',
  'control-character-in-input-stream',
  'noncharacter-in-input-stream',
])

/** Elements that swallow everything up to their end tag as text. */
const SWALLOWING = /<(style|script|iframe|textarea|title|xmp|noembed|noframes|noscript)\b([^<>]*)\/>/gi

/** What an HTML file holds, as far as it is checked. */
export interface HtmlContent {
  readonly links: readonly Link[]
  /** The first mistake, if there is one, and how many follow it. */
  readonly mistake: { readonly line: number; readonly message: string; readonly more: number } | undefined
}

/** A mistake and where it is. */
export interface HtmlMistake {
  readonly line: number
  readonly offset: number
  readonly message: string
}

/**
 * Parses HTML as browsers do, and tells where it makes them guess.
 *
 * @param text - a fragment or a whole page
 */
export function readHtml(text: string): HtmlContent {
  const mistakes: HtmlMistake[] = []
  const root = parsed(text, ({ code, startLine, startOffset }) => {
    if (HARMLESS.has(code)) return
    mistakes.push({ line: startLine, offset: startOffset, message: code.replaceAll('-', ' ') })
  })
  for (const mistake of findNestingMistakes(text, root)) mistakes.push(mistake)
  mistakes.sort((a, b) => a.offset - b.offset)
  const [first] = mistakes
  // What is meant as an empty tag swallows the rest of the file; its links are followed as they were meant.
  const meant = text.replace(SWALLOWING, '<$1$2></$1>')
  return {
    links: linksIn(meant === text ? root : parsed(meant, () => {})),
    mistake: first === undefined ? undefined : { line: first.line, message: first.message, more: mistakes.length - 1 },
  }
}

function parsed(text: string, onParseError: (error: ParserError) => void): DefaultTreeAdapterTypes.ParentNode {
  const options = { sourceCodeLocationInfo: true, onParseError }
  return /<(?:!doctype|html|head|body)\b/i.test(text) ? parse(text, options) : parseFragment(text, options)
}

function linksIn(root: DefaultTreeAdapterTypes.ParentNode): Link[] {
  const found: Link[] = []
  for (const node of nodesOf(root)) {
    if (!('attrs' in node)) continue
    const { startLine = 1, attrs } = node.sourceCodeLocation ?? {}
    for (const { name, value } of node.attrs) {
      const target = value.trim()
      if (!isInternal(target)) continue
      if (found.length >= LINK_LIMIT) return found
      found.push({ target, line: attrs?.[name]?.startLine ?? startLine })
    }
  }
  return found
}

/** Every node below a root, in document order; without recursion, as HTML nests as deep as its author likes. */
export function* nodesOf(root: DefaultTreeAdapterTypes.ParentNode): Generator<DefaultTreeAdapterTypes.Node> {
  const waiting: DefaultTreeAdapterTypes.Node[] = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    if ('content' in node) waiting.push(node.content)
    if (!('childNodes' in node)) continue
    for (let i = node.childNodes.length - 1; i >= 0; i--) {
      const child = node.childNodes[i]
      if (child !== undefined) waiting.push(child)
    }
  }
}
