import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRow } from './csv.ts'

test('cells are quoted where they must be', () => {
  expect(csvRow(['Ada', 97.5, true, null, undefined, 'a,b', 'says "hi"', 'two\nlines'])).toBe(
    'Ada,97.5,true,,,"a,b","says ""hi""","two\nlines"\r\n',
  )
})

test.each(['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])(
  'a spreadsheet takes %j for a text',
  (value) => {
    expect(csvRow([value]).replace(/^"/, '')).toMatch(/^'/)
  },
)

test.each([
  ['Ada;=1+1;x', "Ada;'=1+1;x"],
  ['Ada\t@cmd', "Ada\t'@cmd"],
  ['a;+1;-1', "a;'+1;'-1"],
  ['a =b; c', 'a =b; c'],
])('where cells are separated by something else, %j holds no formula either', (value, safe) => {
  expect(csvRow([value])).toBe(`${safe}\r\n`)
})

test.each(['-1', '+1.5', '-3,25'])('the number %s stays one', (value) => {
  expect(csvRow([value]).replaceAll('"', '')).toBe(`${value}\r\n`)
})

test('whatever the texts, a row is one record of as many cells', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 6 }), (cells) => {
      const row = csvRow(cells)
      const read = [...row.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n$)/g)]
      expect(read).toHaveLength(cells.length)
      for (const [index, [, quoted, plain]] of read.entries()) {
        const value = quoted === undefined ? plain : quoted.replaceAll('""', '"')
        // Guards stand at the beginning or behind what may separate cells, and nowhere else.
        expect(value?.replaceAll(/(^|[;\t\r\n])'(?=[=+\-@\t\r\n])/g, '$1')).toBe(
          cells[index]?.replaceAll(/(^|[;\t\r\n])'(?=[=+\-@\t\r\n])/g, '$1'),
        )
      }
    }),
  )
})
