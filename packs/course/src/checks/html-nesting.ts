import type { DefaultTreeAdapterTypes } from 'parse5'
import { positionOf } from '../olx/decode.ts'
import { type HtmlMistake, nodesOf } from './html.ts'

/** Elements whose end tag may be left out, or that have none. */
const NEED_NO_END: ReadonlySet<string> = new Set(
  (
    'html head body p li dt dd option optgroup rb rt rtc rp thead tbody tfoot tr td th colgroup caption ' +
    'area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen plaintext'
  ).split(' '),
)
/** Elements whose content is text, whatever it looks like. */
const RAW: ReadonlySet<string> = new Set(
  'style script iframe textarea title xmp noembed noframes noscript plaintext'.split(' '),
)
/** The most mistakes listed of one file; the first is shown, the others are counted. */
const MISTAKE_LIMIT = 100

interface Range {
  readonly start: number
  readonly end: number
}

/**
 * Finds tags that are never closed, and end tags that close nothing. A browser's parser accepts both silently, so this
 * compares the end tags in the text with those the parser used.
 */
export function findNestingMistakes(text: string, root: DefaultTreeAdapterTypes.ParentNode): HtmlMistake[] {
  const mistakes: HtmlMistake[] = []
  const used = new Set<number>()
  const skipped: Range[] = []
  for (const node of nodesOf(root)) {
    const location = node.sourceCodeLocation
    if (!location) continue
    const whole = { start: location.startOffset, end: location.endOffset }
    if (node.nodeName === '#comment' || isRawText(node)) skipped.push(whole)
    if (!('tagName' in node)) continue
    const startTag = node.sourceCodeLocation?.startTag
    const endTag = node.sourceCodeLocation?.endTag
    const start = startTag === undefined ? whole : { start: startTag.startOffset, end: startTag.endOffset }
    skipped.push(start)
    if (endTag !== undefined) used.add(endTag.startOffset)
    else if (!NEED_NO_END.has(node.tagName) && !isSelfClosed(text, node, start)) {
      mistakes.push({ line: location.startLine, offset: start.start, message: `<${node.tagName}> is not closed` })
    }
    if (mistakes.length >= MISTAKE_LIMIT) return mistakes
  }
  skipped.sort((a, b) => a.start - b.start)
  return [...mistakes, ...strayEndTags(text, used, skipped)]
}

function strayEndTags(text: string, used: ReadonlySet<number>, skipped: readonly Range[]): HtmlMistake[] {
  const mistakes: HtmlMistake[] = []
  const pattern = /<\/([a-z][^\s/>]{0,50})/gi
  let next = 0
  let covered = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    for (let range = skipped[next]; range !== undefined && range.start <= match.index; range = skipped[++next]) {
      covered = Math.max(covered, range.end)
    }
    const name = (match[1] ?? '').toLowerCase()
    if (match.index < covered || used.has(match.index) || /^(?:html|head|body)$/.test(name)) continue
    mistakes.push({
      line: positionOf(text, match.index).line,
      offset: match.index,
      message: `</${name}> closes nothing`,
    })
    if (mistakes.length >= MISTAKE_LIMIT) break
  }
  return mistakes
}

function isRawText(node: DefaultTreeAdapterTypes.Node): boolean {
  return (
    node.nodeName === '#text' &&
    'parentNode' in node &&
    node.parentNode !== null &&
    'tagName' in node.parentNode &&
    RAW.has(node.parentNode.tagName)
  )
}

/** Drawings and formulas may close a tag in itself. */
function isSelfClosed(text: string, node: DefaultTreeAdapterTypes.Element, tag: Range): boolean {
  return !node.namespaceURI.endsWith('/xhtml') && text.slice(tag.start, tag.end).endsWith('/>')
}
