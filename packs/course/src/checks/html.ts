import { type DefaultTreeAdapterTypes, type ParserError, parseFragment } from 'parse5'
import { LINK_LIMIT } from '../olx/limits.ts'
import { isInternal, type Link } from '../olx/links.ts'

/** The largest HTML file that is checked, in bytes: made badly, it can take time with the square of its size. */
export const HTML_LIMIT = 2 * 1024 * 1024

/** What the standard calls an error and every browser, and every author, takes the same way. */
const HARMLESS: ReadonlySet<string> = new Set([
  'missing-doctype',
  'misplaced-doctype',
  'non-conforming-doctype',
  'control-character-in-input-stream',
  'noncharacter-in-input-stream',
])

/** What an HTML file holds, as far as it is checked. */
export interface HtmlContent {
  readonly links: readonly Link[]
  /** The first mistake, if there is one. */
  readonly mistake: { readonly line: number; readonly message: string; readonly more: number } | undefined
}

/**
 * Parses HTML as browsers do, and tells where it makes them guess.
 *
 * @param text - a fragment or a whole page
 */
export function readHtml(text: string): HtmlContent {
  const errors: ParserError[] = []
  const fragment = parseFragment(text, {
    sourceCodeLocationInfo: true,
    onParseError: (error) => {
      if (!HARMLESS.has(error.code)) errors.push(error)
    },
  })
  const [first] = errors
  return {
    links: linksIn(fragment),
    mistake:
      first === undefined
        ? undefined
        : { line: first.startLine, message: first.code.replaceAll('-', ' '), more: errors.length - 1 },
  }
}

function linksIn(root: DefaultTreeAdapterTypes.DocumentFragment): Link[] {
  const found: Link[] = []
  const waiting: DefaultTreeAdapterTypes.Node[] = [root]
  for (let node = waiting.pop(); node !== undefined && found.length < LINK_LIMIT; node = waiting.pop()) {
    if ('attrs' in node) {
      const { startLine = 1, attrs } = node.sourceCodeLocation ?? {}
      for (const { name, value } of node.attrs) {
        const target = value.trim()
        if (isInternal(target)) found.push({ target, line: attrs?.[name]?.startLine ?? startLine })
      }
    }
    if ('content' in node) waiting.push(node.content)
    if (!('childNodes' in node)) continue
    for (let i = node.childNodes.length - 1; i >= 0; i--) {
      const child = node.childNodes[i]
      if (child !== undefined) waiting.push(child)
    }
  }
  return found
}
