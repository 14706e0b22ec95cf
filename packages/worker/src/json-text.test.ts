import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonProblem, toJsonText } from './json-text.ts'

const subject = { code: 'result', name: 'The result', limit: 100 } as const

test('whatever JSON can hold is kept as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      // -0 is the one number that JSON has no sign for.
      fc.pre(!JSON.stringify(value).includes('-0'))
      expect(jsonProblem(value)).toBeUndefined()
      const kept: unknown = JSON.parse(toJsonText(value, { ...subject, limit: 1e9 }))
      expect(JSON.stringify(kept)).toBe(JSON.stringify(value))
    }),
  )
})

test.each([
  [{ rows: [{}, { when: new Date(0) }] }, 'it.rows[1].when is a Date'],
  [{ 'a b': new Map() }, 'it["a b"] is a Map'],
  [[undefined], 'it[0] is undefined'],
  [Number.NaN, 'it is NaN'],
  [{ big: 1n }, 'it.big is a bigint'],
  [() => 1, 'it is a function'],
  [new Uint8Array(2), 'it is an Uint8Array'],
])('%o is not JSON: %s', (value, problem) => {
  expect(jsonProblem(value)).toBe(problem)
})

test('a value that contains itself is named', () => {
  const loop: Record<string, unknown> = {}
  loop.again = { loop }
  expect(jsonProblem(loop)).toBe('it.again.loop contains itself')
})

test('the same object twice is no loop', () => {
  const twice = {}
  expect(jsonProblem([twice, twice])).toBeUndefined()
})

test('too large says how large', () => {
  expect(() => toJsonText('é'.repeat(60), subject)).toThrow('It has 122 bytes as JSON; 100 are allowed.')
})

test('nothing is null', () => {
  expect(toJsonText(undefined, subject)).toBe('null')
})
