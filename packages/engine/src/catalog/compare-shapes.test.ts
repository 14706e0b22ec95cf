import { type DefinitionShape, digestOf } from '@errand/task'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shapeArbitrary, shapeOf, stepOf } from '../test-support/shapes.ts'
import { compareShapes } from './compare-shapes.ts'

const text = { type: 'string' }
const before = shapeOf([stepOf('read'), stepOf('write', { after: ['read'] })], {
  input: { type: 'object', properties: { course: text, year: text }, required: ['course'] },
  artifacts: { report: { title: 'Report', mediaType: 'text/csv', visibility: 'owner', keep: { days: 7 } } },
  uploads: { roster: { title: 'Roster', optional: false } },
  scope: 'course:{course}',
})
const [read, write] = before.steps as [DefinitionShape['steps'][0], DefinitionShape['steps'][0]]
const input = (properties: object, required: string[]) => ({ input: { type: 'object', properties, required } })

test.each<[string, Partial<DefinitionShape>, string[]]>([
  ['nothing', {}, []],
  ['a step that is gone', { steps: [read] }, ['step "write" was removed']],
  ['a new step', { steps: [read, write, stepOf('tidy')] }, ['step "tidy" was added']],
  [
    'another dependency',
    { steps: [read, { ...write, after: [] }] },
    ['step "write": "after" was changed from ["read"] to []'],
  ],
  ['a new timeout', { steps: [{ ...read, timeout: 5 }, write] }, ['step "read": "timeout" was added: 5']],
  [
    'an output kept longer',
    { artifacts: { report: { title: 'Report', mediaType: 'text/csv', visibility: 'owner', keep: { days: 8 } } } },
    ['artifact "report": "keep" was changed from {"days":7} to {"days":8}'],
  ],
  ['an output that is gone', { artifacts: {} }, ['artifact "report" was removed']],
  [
    'an upload that may be left out',
    { uploads: { roster: { title: 'Roster', optional: true } } },
    ['upload "roster": "optional" was changed from false to true'],
  ],
  ['a new field', input({ course: text, year: text, term: text }, ['course']), ['input field "term" was added']],
  ['a field that is gone', input({ course: text }, ['course']), ['input field "year" was removed']],
  [
    'a field of another type',
    input({ course: text, year: { type: 'number' } }, ['course']),
    ['input field "year" was changed from {"type":"string"} to {"type":"number"}'],
  ],
  [
    'a field now required',
    input({ course: text, year: text }, ['course', 'year']),
    ['input field "year" is now required'],
  ],
  [
    'a field no longer required',
    input({ course: text, year: text }, []),
    ['input field "course" is no longer required'],
  ],
  [
    'the rest of the schema',
    { input: { ...before.input, additionalProperties: true } },
    ['the schema of the input was changed'],
  ],
  ['another title', { title: 'Other' }, ['"title" was changed from "A shape" to "Other"']],
  ['another scope', { scope: 'year:{year}' }, ['"scope" was changed from "course:{course}" to "year:{year}"']],
  [
    'a key',
    { unique: { key: '{course}', conflict: 'join' } },
    ['"unique" was added: {"conflict":"join","key":"{course}"}'],
  ],
  ['a deadline', { deadline: 60 }, ['"deadline" was added: 60']],
  ['steps in another order', { steps: [write, read] }, ['the steps were put in another order']],
  [
    'another kind of step',
    { steps: [read, { ...write, kind: 'fan-out' }] },
    ['step "write": "kind" was changed from "step" to "fan-out"'],
  ],
  [
    'a new required field',
    input({ course: text, year: text, term: text }, ['course', 'term']),
    ['input field "term" was added and is required'],
  ],
  [
    'a new output',
    {
      artifacts: {
        ...before.artifacts,
        log: { title: 'Log', mediaType: 'text/plain', visibility: 'owner', keep: 'forever' },
      },
    },
    ['artifact "log" was added'],
  ],
  [
    'a new upload',
    { uploads: { ...before.uploads, photo: { title: 'Photo', optional: true } } },
    ['upload "photo" was added'],
  ],
  ['an upload that is gone', { uploads: {} }, ['upload "roster" was removed']],
  ['other versions to take over', { version: 1, resumes: [1] }, ['"resumes" was added: [1]']],
  ['another way into use', { promote: 'on-register' }, ['"promote" was added: "on-register"']],
  ['no scope', { scope: undefined as never }, ['"scope" was removed: "course:{course}"']],
])('%s', (_what, changes, found) => {
  expect(compareShapes(before, { ...before, ...changes })).toEqual(found)
})

test('a shape differs from any other and never from itself', () => {
  fc.assert(
    fc.property(shapeArbitrary(), shapeArbitrary(), (one, other) => {
      expect(compareShapes(one, structuredClone(one))).toEqual([])
      if (digestOf(one) !== digestOf(other)) expect(compareShapes(one, other)).not.toEqual([])
    }),
  )
})
