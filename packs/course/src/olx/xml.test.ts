import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ELEMENT_DEPTH_LIMIT } from './limits.ts'
import { parseXml, type XmlElement } from './xml.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function root(text: string | Uint8Array): XmlElement {
  const parsed = parseXml('f.xml', typeof text === 'string' ? bytes(text) : text)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.root
}

test('an element has its attributes in order, its own text, its children, and its place', () => {
  const element = root('<!-- c -->\n<a z="1" b="&lt;2">\n x<b/>\n\n  <c/>y<![CDATA[<&>]]>\n</a>')
  expect([...element.attributes]).toEqual([
    ['z', '1'],
    ['b', '<2'],
  ])
  expect(element.text).toBe('\n x\n\n  y<&>\n')
  expect([element.line, element.column, element.textLine]).toEqual([2, 1, 3])
  expect(element.children.map(({ name, line, column }) => [name, line, column])).toEqual([
    ['b', 3, 3],
    ['c', 5, 3],
  ])
})

test('an element knows where it starts and ends in the text, whatever the line ends are', () => {
  for (const end of ['\n', '\r\n']) {
    const text = ['<a>', '  <b x="1">', 'q', '  </b>', '<c/></a>'].join(end)
    const parsed = parseXml('f.xml', bytes(text))
    if (!parsed.ok) throw new Error(parsed.error.message)
    const [b, c] = parsed.root.children
    expect(parsed.text.slice(b?.start, b?.end)).toBe(['<b x="1">', 'q', '  </b>'].join(end))
    expect(parsed.text.slice(c?.start, c?.end)).toBe('<c/>')
    expect([b?.line, c?.line]).toEqual([2, 5])
  }
})

test('names keep their prefix, and the namespace is told', () => {
  const element = root('<a><n:b xmlns:n="urn:x" n:c="1"/></a>').children[0]
  expect(element).toMatchObject({ name: 'n:b', local: 'b', namespace: 'urn:x' })
  expect([...(element?.attributes ?? [])]).toEqual([['n:c', '1']])
})

test.each([
  ['<a>\n  <b></a>', 2, /close tag/],
  ['<a>\n\nAT&T\n\n</a>', 3, /& is not escaped/],
  ['<a><!-- & --><![CDATA[&]]>\n<b x="?a=1&b=2"/>\n;</a>', 2, /& is not escaped/],
  ['<a>&nbsp;</a>', 1, /undefined entity/],
  ['<a x="1" x="2"/>', 1, /duplicate attribute/],
  ['<a/>\n<b/>', 2, /one root/],
  ['<a', 1, /root element/],
  ['', 1, /empty/],
  [' \n ', 1, /empty/],
  ['<!-- only this -->', 1, /root element/],
  ['<x:a/>', 1, /prefix/],
  ['plain text', 1, /text data outside|start with|root/i],
  ['<?xml version="1.0" encoding="klingon"?><a/>', 1, /klingon/],
])('%j is an error with its line', (text, line, message) => {
  const parsed = parseXml('dir/f.xml', bytes(text))
  expect(parsed).toMatchObject({
    ok: false,
    error: { file: 'dir/f.xml', line, message: expect.stringMatching(message) },
  })
})

test('no document type is accepted, so nothing expands and nothing is fetched', () => {
  for (const text of [
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>',
  ]) {
    expect(parseXml('f.xml', bytes(text))).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/document type/) },
    })
  }
})

test('depth and number of nodes are bounded', () => {
  const nested = (depth: number) => bytes('<a>'.repeat(depth) + '</a>'.repeat(depth))
  expect(parseXml('f.xml', nested(ELEMENT_DEPTH_LIMIT)).ok).toBe(true)
  expect(parseXml('f.xml', nested(ELEMENT_DEPTH_LIMIT + 1))).toMatchObject({
    error: { message: expect.stringMatching(/deeper than 200/) },
  })
  expect(parseXml('f.xml', nested(100_000)).ok).toBe(false)
  expect(parseXml('f.xml', bytes(`<a>${'<b/>'.repeat(500_001)}</a>`))).toMatchObject({
    error: { message: expect.stringMatching(/more than 500000/) },
  })
})

test('files are decoded as their mark or their declaration says', () => {
  const text = '<a x="é—ж"/>'
  const utf16le = Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${text}`, 'utf16le')
  const utf16be = Buffer.from(utf16le).swap16()
  for (const encoded of [bytes(text), bytes(`\ufeff${text}`), utf16le, utf16be]) {
    expect(root(encoded).attributes.get('x')).toBe('é—ж')
  }
  const latin = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a x="é"/>', 'latin1')
  expect(root(latin).attributes.get('x')).toBe('é')
  const wrong = Buffer.from('<a>\n\n<b x="é"/></a>', 'latin1')
  expect(parseXml('f.xml', wrong)).toMatchObject({
    error: { line: 3, column: 7, message: expect.stringMatching(/not utf-8/) },
  })
})

test('any bytes give a document or an error with a place', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          '<a>',
          '</a>',
          '<b/>',
          '<',
          '>',
          '&',
          '&#0;',
          '&#x10FFFF;',
          '"',
          "'",
          '=',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '<?x ',
          '?>',
          'é',
          '\r',
          '\n',
          '\0',
          ' x="1"',
          'xmlns:p="u"',
          'p:q',
        ),
      )
      .map((parts) => bytes(parts.join(''))),
  )
  fc.assert(
    fc.property(noise, (input) => {
      const parsed = parseXml('f.xml', input)
      if (parsed.ok) expect(parsed.root.name).not.toBe('')
      else
        expect([parsed.error.line >= 1, parsed.error.column >= 1, parsed.error.message !== '']).toEqual([
          true,
          true,
          true,
        ])
    }),
    { numRuns: 2_000 },
  )
})

test('what is written well-formed is read as it was', () => {
  const character = fc
    .string({ unit: 'grapheme', maxLength: 20 })
    .filter((text) => !/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text))
  const escaped = (text: string) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
  fc.assert(
    fc.property(fc.array(fc.tuple(character, character), { maxLength: 5 }), (parts) => {
      const inner = parts.map(([x, text], n) => `<e${n} x="${escaped(x)}">${escaped(text)}</e${n}>`).join('\n')
      const element = root(`<a>${inner}</a>`)
      expect(element.children.map((child) => [child.attributes.get('x'), child.text])).toEqual(parts)
      expect(element.children.map(({ line }) => line)).toEqual(parts.map((_, n) => n + 1))
    }),
  )
})
