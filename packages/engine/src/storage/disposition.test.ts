import { parse } from 'content-disposition'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attachment } from './disposition.ts'

test.each([
  ['grades.csv', 'attachment; filename=grades.csv'],
  ['Übersicht.csv', `attachment; filename="?bersicht.csv"; filename*=UTF-8''%C3%9Cbersicht.csv`],
  ['成績.csv', `attachment; filename="??.csv"; filename*=UTF-8''%E6%88%90%E7%B8%BE.csv`],
  ['say "hi".txt', 'attachment; filename="say \\"hi\\".txt"'],
  ['../../etc/passwd', 'attachment; filename=.._.._etc_passwd'],
  ['a\r\nSet-Cookie: x=1', 'attachment; filename="aSet-Cookie: x=1"'],
  ['invoice\u202efdp.exe', 'attachment; filename=invoicefdp.exe'],
  ['', 'attachment; filename=download'],
  ['..', 'attachment; filename=download'],
])('%j', (filename, expected) => {
  expect(attachment(filename)).toBe(expected)
})

test('any name makes a header that HTTP can carry, and that says the same name to whoever reads it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (filename) => {
      const header = attachment(filename)
      expect(() => new Headers({ 'Content-Disposition': header })).not.toThrow()
      expect(header).toMatch(/^[\x20-\x7e]+$/)
      const { parameters } = parse(header)
      expect(parameters.filename).not.toBe('')
      expect(parameters.filename).not.toMatch(/[/\\]/)
    }),
  )
})
