import { isUtf8 } from 'node:buffer'
import { type Found, isSecret, jsonWithoutSecrets, REDACTED } from './secrets.ts'

/** An attribute of an XML tag: `name="value"` or `name='value'`. Without the left edge each letter of a long word would begin one. */
const ATTRIBUTE = /(?<![\w.:-])([\w.:-]+)(\s*=\s*)("[^"<]*"|'[^'<]*')/g

/** What is not markup until its end, an end tag, or a start tag. None reaches beyond the next `<`, so each character is seen once. */
const TOKEN =
  /<(?:(!\[CDATA\[|!--)|\/([\w.:-]+)\s*>|((?:[\w.-]+:)?([\w.-]+))((?:\s[^<>"']*(?:"[^"<]*"[^<>"']*|'[^'<]*'[^<>"']*)*)?)>)/g

/**
 * The text of an XML file without the secrets in its settings: attributes, and elements such as `<option:name>value</option:name>`,
 * whose value is a secret or JSON that holds one. What is no secret stays byte for byte, in a file that is not well-formed as well.
 *
 * @param text - each byte of the file as one character, as all that is looked for is ASCII
 */
export function redactXml(text: string, found: Found): string {
  const attributes = text.replace(ATTRIBUTE, (all, name: string, equals: string, quoted: string) => {
    const quote = quoted.slice(0, 1)
    const value = instead(name, quoted.slice(1, -1), true, found)
    return value === undefined ? all : `${name}${equals}${quote}${escaped(value, quote)}${quote}`
  })
  // The second look goes into comments and CDATA, where others keep settings as well.
  return redactElements(redactElements(attributes, false, found), true, found)
}

/** @param flat - whether CDATA and comments are looked into; tags there need not match, so only those around plain text count */
function redactElements(text: string, flat: boolean, found: Found): string {
  let out = ''
  let done = 0
  for (const { name, from, to } of elementsIn(text, flat)) {
    // It was in one that has been taken out.
    if (from < done) continue
    const content = text.slice(from, to)
    if (flat && content.includes('<')) continue
    const { value, isEscaped } = textOf(content)
    const other = instead(name, value, isEscaped, found)
    if (other === undefined) continue
    out += text.slice(done, from) + escaped(other)
    done = to
  }
  return out + text.slice(done)
}

interface Element {
  /** Without its prefix. */
  name: string
  /** Where its content begins and ends. */
  from: number
  to: number
}

function elementsIn(text: string, flat: boolean): Element[] {
  const elements: Element[] = []
  const open = new Map<string, Omit<Element, 'to'>[]>()
  const tokens = new RegExp(TOKEN)
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    const [, hidden, closed, tag, name, attributes] = token
    if (hidden !== undefined) {
      if (flat) continue
      const end = text.indexOf(hidden === '!--' ? '-->' : ']]>', tokens.lastIndex)
      // The rest is no XML, and has its turn when all is looked into.
      if (end < 0) break
      tokens.lastIndex = end
    } else if (closed !== undefined) {
      const start = open.get(closed)?.pop()
      if (start !== undefined) elements.push({ ...start, to: token.index })
    } else if (tag !== undefined && name !== undefined && attributes?.endsWith('/') === false) {
      const start = { name, from: tokens.lastIndex }
      const others = open.get(tag)
      if (others === undefined) open.set(tag, [start])
      else others.push(start)
    }
  }
  return elements.sort((a, b) => a.from - b.from)
}

const CDATA = '<![CDATA['

/** What an element's content says, where that is one piece; CDATA is not escaped. */
function textOf(content: string): { value: string; isEscaped: boolean } {
  const trimmed = content.trim()
  if (!trimmed.startsWith(CDATA) || !trimmed.endsWith(']]>')) return { value: trimmed, isEscaped: true }
  // One that would end too early is written as two.
  const value = trimmed.slice(CDATA.length, -']]>'.length).replaceAll(`]]>${CDATA}`, '')
  return { value, isEscaped: false }
}

/** What is to stand in place of the value of a setting, not escaped; `undefined` when the value may stay. */
function instead(name: string, value: string, isEscaped: boolean, found: Found): string | undefined {
  if (isSecret(name)) {
    if (/^(\[\]|\{\}|null|REDACTED)?$/.test(value.trim())) return undefined
    found(name)
    return name === 'lti_passports' ? '[]' : REDACTED
  }
  // What holds other elements is no value.
  if (!/^\s*(?:[{[]|&#)/.test(value) || (isEscaped && value.includes('<'))) return undefined
  const json = isEscaped ? unescaped(decoded(value)) : decoded(value)
  if (!/^\s*[{[]/.test(json)) return undefined
  try {
    const without = jsonWithoutSecrets(json, found)
    // In ASCII, which is right in whatever encoding the file has.
    return without === undefined ? undefined : ascii(JSON.stringify(without))
  } catch (error) {
    // Much that is no JSON begins with a bracket.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The letters that a value's bytes are, where they are UTF-8. */
function decoded(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : value
}

function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const NAMED: Readonly<Record<string, string>> = { quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" }
const ENTITIES: Readonly<Record<string, string>> = {
  '"': '&quot;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
}

function unescaped(text: string): string {
  return text.replace(/&(?:(quot|amp|lt|gt|apos)|#(\d{1,7})|#x([\da-f]{1,6}));/gi, (all, name, decimal, hex) => {
    if (name !== undefined) return NAMED[name] ?? all
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : all
  })
}

/** @param quote - what the text is to stand between, if anything */
function escaped(text: string, quote = ''): string {
  return text.replace(/["&<>']/g, (one) => (one === quote || /[&<>]/.test(one) ? (ENTITIES[one] ?? one) : one))
}
