import { SaxesParser, type SaxesTagNS } from 'saxes'
import { decodeText, positionOf } from './decode.ts'
import { ELEMENT_DEPTH_LIMIT, NODE_LIMIT, TEXT_FILE_LIMIT } from './limits.ts'

/** One element of a parsed file. */
export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string
  /** The name without its prefix. */
  readonly local: string
  /** The namespace it is in, or the empty string. */
  readonly namespace: string
  /** In the order written, without namespace declarations. */
  readonly attributes: Map<string, string>
  readonly children: XmlElement[]
  /** Its own text, without that of its children; character data sections included. */
  text: string
  /** The line of its first text that is not blank, if any. */
  textLine: number | undefined
  /** Of its start tag, from 1. */
  readonly line: number
  readonly column: number
  /** Where it starts and ends in the decoded text of the file. */
  readonly start: number
  end: number
}

/** Why a file could not be parsed, and where. */
export interface XmlError {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/** A parsed file with its decoded text, or the error that stopped it. */
export type XmlResult =
  | { readonly ok: true; readonly root: XmlElement; readonly text: string }
  | { readonly ok: false; readonly error: XmlError }

class Rejected extends Error {}

/**
 * Parses an XML file strictly. No document type is accepted, so there are no entities but the five of XML, and nothing is
 * ever fetched; depth, size and number of nodes are bounded. An error is returned, never thrown.
 *
 * @example
 * ```ts
 * const parsed = parseXml('problem/p1.xml', bytes)
 * if (parsed.ok) parsed.root.attributes.get('display_name')
 * else parsed.error // { file: 'problem/p1.xml', line: 3, column: 7, message: 'unexpected close tag' }
 * ```
 */
export function parseXml(file: string, bytes: Uint8Array): XmlResult {
  if (bytes.byteLength > TEXT_FILE_LIMIT) {
    return fail(file, 1, 1, `it is larger than ${TEXT_FILE_LIMIT / 1024 / 1024} MiB, the most that is parsed`)
  }
  const decoded = decodeText(bytes)
  if (!decoded.ok) return fail(file, decoded.line, decoded.column, decoded.message)
  const { text } = decoded
  if (text.trim() === '') return fail(file, 1, 1, 'it is empty')

  const parser = new SaxesParser({ xmlns: true, position: true })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  let nodes = 0
  let at = { line: 1, column: 1, start: 0 }
  const addText = (piece: string) => {
    const element = open.at(-1)
    if (element === undefined) return
    if (element.textLine === undefined && piece.trim() !== '') {
      // The event comes at the end of the text; what follows its first visible character tells the line it began on.
      const visible = piece.slice(piece.length - piece.trimStart().length)
      element.textLine = Math.max(1, parser.line - count(visible, '\n'))
    }
    element.text += piece
  }

  parser.on('error', (error) => {
    throw new Rejected(error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, ''))
  })
  parser.on('doctype', () => {
    throw new Rejected('a document type (<!DOCTYPE …>) is not accepted')
  })
  parser.on('opentagstart', (tag) => {
    const start = text.lastIndexOf('<', parser.position - 1)
    at = { line: parser.line, column: Math.max(1, parser.column - tag.name.length - 1), start }
  })
  parser.on('opentag', (tag: SaxesTagNS) => {
    const element = elementOf(tag, at)
    nodes += 1 + element.attributes.size
    if (nodes > NODE_LIMIT) throw new Rejected(`it has more than ${NODE_LIMIT} elements and attributes`)
    if (open.length >= ELEMENT_DEPTH_LIMIT) throw new Rejected(`its elements nest deeper than ${ELEMENT_DEPTH_LIMIT}`)
    const parent = open.at(-1)
    if (parent === undefined) root = element
    else parent.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => {
    const element = open.pop()
    if (element !== undefined) element.end = parser.position
  })
  parser.on('text', addText)
  parser.on('cdata', addText)

  try {
    parser.write(text).close()
  } catch (error) {
    if (!(error instanceof Rejected)) throw error
    // A bare & is only noticed at the next semicolon, or at the end of the file: say where it is.
    const ampersand = bareAmpersand(text)
    if (ampersand >= 0 && ampersand < parser.position) {
      const { line, column } = positionOf(text, ampersand)
      return fail(file, line, column, 'an & is not escaped; write it as &amp;')
    }
    return fail(file, Math.max(1, parser.line), Math.max(1, parser.column), error.message)
  }
  return root === undefined ? fail(file, 1, 1, 'it has no root element') : { ok: true, root, text }
}

function elementOf(tag: SaxesTagNS, at: { line: number; column: number; start: number }): XmlElement {
  const attributes = new Map<string, string>()
  for (const [name, { value, prefix }] of Object.entries(tag.attributes)) {
    if (prefix !== 'xmlns' && name !== 'xmlns') attributes.set(name, value)
  }
  return {
    name: tag.name,
    local: tag.local,
    namespace: tag.uri,
    attributes,
    children: [],
    text: '',
    textLine: undefined,
    ...at,
    end: at.start,
  }
}

function fail(file: string, line: number, column: number, message: string): XmlResult {
  return { ok: false, error: { file, line, column, message } }
}

const BARE_AMPERSAND = /&(?!(?:[\p{L}_:][\p{L}\p{N}_:.-]{0,100}|#\d{1,7}|#x[0-9a-f]{1,6});)/iu

/** Where the first & is that begins no reference, outside of what is not parsed; -1 if there is none. */
function bareAmpersand(text: string): number {
  const hidden = /<!--|<!\[CDATA\[|<\?/g
  let from = 0
  for (let open = hidden.exec(text); ; open = hidden.exec(text)) {
    const at = text.slice(from, open?.index).search(BARE_AMPERSAND)
    if (at >= 0 || open === null) return at < 0 ? at : from + at
    const end = open[0] === '<!--' ? '-->' : open[0] === '<?' ? '?>' : ']]>'
    const close = text.indexOf(end, open.index + open[0].length)
    if (close < 0) return -1
    from = close + end.length
    hidden.lastIndex = from
  }
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1
  return found
}
