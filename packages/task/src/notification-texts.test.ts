import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { artifact, defineTask, digestOf, fillText, type NotificationTexts, parseShape } from './index.ts'

const define = (notifications?: NotificationTexts) =>
  defineTask({
    name: 'x',
    version: 1,
    title: 'X',
    input: z.object({ course: z.string(), key: z.string().meta({ writeOnly: true }) }),
    artifacts: { report: artifact() },
    ...(notifications === undefined ? {} : { notifications }),
  }).step('count', {}, () => ({ total: 3 })).shape
const titled = (title: string) => define({ en: { completed: { title } } })

test('texts go with the shape as data, and are no part of the version', () => {
  const plain = define()
  const worded = define({
    en: { completed: { title: '{input.course} is ready', body: '{result.count.total}, {output.report.size}.' } },
    'pt-BR': { failed: { title: '{title}: {failure}', body: '' } },
  })
  expect(parseShape(JSON.parse(JSON.stringify(worded)))).toEqual(worded)
  expect(worded.notifications).toBeDefined()
  expect(digestOf(worded)).toBe(digestOf(plain))
})

test.each([
  ['a field that the input does not have', titled('{input.run}'), /completed: "{input.run}" is no value/],
  ['a secret of the input', titled('{input.key}'), /"{input.key}" is no value of this definition that can be shown/],
  ['a step that is not there', titled('{result.sum.total}'), /"{result.sum.total}" is no value/],
  ['an output that is not there', titled('{output.archive.size}'), /"{output.archive.size}" is no value/],
  ['a property that objects have by themselves', titled('{input.constructor}'), /"{input.constructor}" is no value/],
  ['another word', titled('{course}'), /"{course}" is no value/],
  ['a brace that is left open', titled('{title is done'), /has a { or } that belongs to no value/],
  ['a language that is none', { ...define(), notifications: { 'en us': {} } }, /a language tag, such as/],
  ['an ending that is none', { ...define(), notifications: { en: { running: { title: 'x' } } } }, /running/],
])('refused: %s', (_what, shape, message) => {
  expect(() => parseShape(shape)).toThrow(message)
})

test('what is put in is not looked at again; what is not there makes no text', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      const values: Record<string, string> = { one: `{other}${one}`, other }
      expect(fillText('{one} and {other}', (name) => values[name])).toBe(`{other}${one} and ${other}`)
      expect(fillText('{one} and {none}', (name) => values[name])).toBeUndefined()
    }),
  )
})
