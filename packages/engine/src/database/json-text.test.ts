import { PGlite } from '@electric-sql/pglite'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonText } from './json-text.ts'

let db: PGlite
beforeAll(async () => {
  db = await PGlite.create('memory://')
})
afterAll(() => db.close())

test.each([
  ['a NUL', 'a\0b', 'a\ufffdb'],
  ['half of an emoji', 'cut \ud83d', 'cut \ufffd'],
  ['the other half', '\ude00 cut', '\ufffd cut'],
  ['a whole emoji', 'whole \ud83d\ude00', 'whole \ud83d\ude00'],
  ['what only looks like an escape', '\\u0000', '\\u0000'],
])('%s', (_what, text, stored) => {
  expect(JSON.parse(jsonText({ deep: [{ [text]: text }] }))).toEqual({ deep: [{ [stored]: stored }] })
})

test('undefined is null', () => {
  expect(jsonText(undefined)).toBe('null')
})

test('jsonb takes whatever a program can say, and gives back what it can', async () => {
  const value = fc.jsonValue({ stringUnit: 'binary' })
  await fc.assert(
    fc.asyncProperty(value, async (given) => {
      const text = jsonText(given)
      const { rows } = await db.query<{ back: unknown }>('SELECT $1::jsonb AS back', [text])
      // -0 is 0 in JSON, and keys that were told apart by what cannot be stored may have become one.
      expect(rows[0]?.back).toEqual(JSON.parse(text))
    }),
    { numRuns: 200 },
  )
})
