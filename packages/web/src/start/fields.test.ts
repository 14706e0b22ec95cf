import { expect, test } from 'vitest'
import { fieldsOf } from './fields.ts'

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
