import fc from 'fast-check'
import { expect, test } from 'vitest'
import { artifactKey, safeFilename, safeSegment } from './names.ts'

test.each([
  ['course-v1:Org+C+R', 'course-v1_Org+C+R'],
  ['', '_'],
  ['.', '_'],
  ['..', '_'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['a/b\\c', 'a_b_c'],
  ['.hidden', '_hidden'],
  ['trailing.', 'trailing_'],
  ['né', 'né'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['com1.tar.gz', '_com1.tar.gz'],
  ['console', 'console'],
  ['日本語', '日本語'],
])('the segment of %j is %j', (text, segment) => {
  expect(safeSegment(text)).toBe(segment)
})

test.each([
  ['report.csv', 'report.csv'],
  ['a/b\\c.txt', 'a_b_c.txt'],
  ['../up', '.._up'],
  ['..', 'file'],
  ['', 'file'],
  ['   ', 'file'],
  ['tab\there\r\nline', 'tab_here_line'],
  ['c1 \u0085 control', 'c1 _ control'],
  ['x\u202egpj.exe', 'x_gpj.exe'],
  ['half \ud83d', 'half \ufffd'],
  ['Überblick "2".pdf', 'Überblick "2".pdf'],
])('the file name of %j is %j', (text, name) => {
  expect(safeFilename(text)).toBe(name)
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.string({ unit: fc.constantFrom('.', '/', '\\', '𝒳', 'é', 'e\u0301', '\ud83d', 'a', ' ', '\0'), maxLength: 300 }),
)

test('whatever the text, a segment is one that every file system takes, and is its own segment', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const segment = safeSegment(text)
      expect(segment).toMatch(/^[\p{L}\p{N}._+@-]+$/u)
      expect(segment).not.toMatch(/^\.|\.$/)
      expect(segment.isWellFormed()).toBe(true)
      expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(125)
      expect(safeSegment(segment)).toBe(segment)
    }),
    { numRuns: 2_000 },
  )
})

test('whatever the text, a file name is no path, can be sent in a header, and is its own file name', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const name = safeFilename(text)
      expect(name).not.toMatch(/[/\\\p{Cc}\p{Bidi_Control}]/u)
      expect(name).not.toMatch(/^\.*$/)
      expect([...name].length).toBeLessThanOrEqual(200)
      expect(() => encodeURIComponent(name)).not.toThrow()
      expect(safeFilename(name)).toBe(name)
    }),
    { numRuns: 2_000 },
  )
})

test('a key has its parts in order and never leaves its folder', () => {
  fc.assert(
    fc.property(anyText, anyText, (scope, filename) => {
      const key = artifactKey({
        scope,
        definition: 'course.export',
        task: 't',
        slot: 'archive',
        artifact: 'a',
        filename,
      })
      const parts = key.split('/')
      expect(parts).toHaveLength(6)
      expect(parts.slice(1, 5)).toEqual(['course.export', 't', 'archive', 'a'])
      expect(parts).not.toContain('..')
      expect(parts).not.toContain('')
    }),
  )
})
