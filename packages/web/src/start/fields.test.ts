import { expect, test } from 'vitest'
import { fieldsOf, inputOf } from './fields.ts'

const schema = {
  properties: {
    course: { type: 'string' },
    key: { type: 'string', writeOnly: true },
    options: { type: 'object' },
  },
  required: ['course', 'key'],
}

test('what nobody is shown has a field that shows nothing', () => {
  expect(fieldsOf(schema).map(({ kind, name }) => [name, kind])).toEqual([
    ['course', 'text'],
    ['key', 'secret'],
    ['options', 'json'],
  ])
})

test('what was masked is not filled in as if it were the value', () => {
  const given = { course: '•••', key: '•••', options: { deep: ['•••'] } }
  expect(fieldsOf(schema, given).map(({ initial }) => initial)).toEqual(['', '', ''])
  expect(fieldsOf(schema, { course: 'course-v1:Org+A+1' }).map(({ initial }) => initial)).toEqual([
    'course-v1:Org+A+1',
    '',
    '',
  ])
})

test('a number is text while it is typed, and a number in the input', () => {
  const fields = fieldsOf({
    properties: { share: { type: 'number' }, many: { type: 'integer' }, name: { type: 'string' } },
  })
  const input = (values: Record<string, unknown>) => inputOf(fields, values)
  expect(input({ share: 0.5, many: 3, name: '7' })).toEqual({ share: 0.5, many: 3, name: '7' })
  expect(input({ share: '0.50', many: '1.' })).toEqual({ share: 0.5, many: 1 })
  expect(input({ share: '', many: '' })).toEqual({})
  // The server says of it that it is no number.
  expect(input({ share: '-' })).toEqual({ share: '-' })
})
