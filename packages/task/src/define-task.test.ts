import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { artifact, defineTask, digestOf, packOf, parseShape, TaskFailure, upload } from './index.ts'

const gradeReport = defineTask({
  name: 'grade-report',
  version: 1,
  title: 'Grade report',
  input: z.object({ course: z.string(), minimum: z.number().default(0) }),
  scope: ({ course }) => `course:${course}`,
  unique: ({ course }) => course,
  uploads: { roster: upload({ accept: ['.csv'], optional: true }) },
  artifacts: {
    report: artifact({
      filename: ({ course }) => `${course}-grades.csv`,
      mediaType: 'text/csv',
      visibility: 'team',
      keep: { days: 90 },
    }),
  },
})
  .step('roster', { title: 'Read the roster' }, async ({ input, uploads }) => {
    expectTypeOf(input.minimum).toEqualTypeOf<number>()
    expectTypeOf(uploads.roster.size).toEqualTypeOf<number>()
    return { learners: 3 }
  })
  .step('publish', { after: ['roster'], retry: { attempts: 5 } }, async ({ results, artifacts }) => {
    expectTypeOf(results.roster.learners).toEqualTypeOf<number>()
    // @ts-expect-error: there is no such slot
    void artifacts.nothing
    return 1
  })

test('a definition is data: its shape says all that the server needs', () => {
  expect(gradeReport.shape).toMatchObject({
    name: 'grade-report',
    scope: 'course:{course}',
    unique: { key: '{course}', conflict: 'refuse' },
    input: { type: 'object', required: ['course'], additionalProperties: false },
    artifacts: { report: { title: 'report', mediaType: 'text/csv', visibility: 'team', keep: { days: 90 } } },
    uploads: { roster: { title: 'roster', accept: ['.csv'], optional: true } },
    steps: [
      { name: 'roster', title: 'Read the roster', after: [], retry: { attempts: 3 } },
      { name: 'publish', title: 'publish', after: ['roster'], retry: { attempts: 5 } },
    ],
  })
  expect(parseShape(JSON.parse(JSON.stringify(gradeReport.shape)))).toEqual(gradeReport.shape)
  expect(gradeReport.filenames.report?.({ course: 'C' })).toBe('C-grades.csv')
})

test('the digest does not depend on the order in which keys were written', () => {
  const { name, ...rest } = gradeReport.shape
  expect(digestOf({ ...rest, name })).toBe(digestOf(gradeReport.shape))
  expect(digestOf({ ...gradeReport.shape, version: 2 })).not.toBe(digestOf(gradeReport.shape))
})

const base = { name: 'x', version: 1, title: 'X', input: z.object({ course: z.string() }) }
const noop = () => undefined

test.each([
  [
    'an unknown after',
    () => defineTask(base).step('a', { after: ['b' as never] }, noop),
    /x: step "a" comes after "b"/,
  ],
  ['a circular after', () => defineTask(base).step('a', { after: ['a' as never] }, noop), /x: steps wait.*circle: a/],
  ['a duplicate step', () => defineTask(base).step('a', {}, noop).step('a', {}, noop), /x: step "a" is declared twice/],
  ['a step name that is not one', () => defineTask(base).step('a b', {}, noop), /x: "a b" is not a step name/],
  ['a name that is not one', () => defineTask({ ...base, name: 'Bad Name' }), /Bad Name: is not a name/],
  ['a version that is not one', () => defineTask({ ...base, version: 1.5 }), /x: version must be a whole number/],
  ['a scope of another field', () => defineTask({ ...base, scope: '{run}' }), /x: scope: uses the field "run"/],
  [
    'a scope that computes',
    () => defineTask({ ...base, scope: ({ course }) => course.toLowerCase() }),
    /x: scope: reads ".toLowerCase"/,
  ],
  [
    'no attempts',
    () => defineTask(base).step('a', { retry: { attempts: 0 } }, noop),
    /x: step "a": retry.attempts must be a whole number/,
  ],
  [
    'a version that resumes itself',
    () => defineTask({ ...base, version: 2, resumes: [2] }),
    /x: resumes must name older/,
  ],
  [
    'a migrate for nothing',
    () => defineTask({ ...base, migrate: (input) => ({ input }) }),
    /x: has migrate, and resumes no version/,
  ],
  ['an input JSON cannot say', () => defineTask({ ...base, input: z.object({ at: z.date() }) }), /x: input: /],
])('the builder refuses %s', (_what, make, message) => {
  expect(make).toThrow(message)
})

test('what a version resumes is in its shape; how it migrates is code, kept with every step', () => {
  const v2 = defineTask({
    ...base,
    version: 3,
    resumes: [2, 1, 2],
    promote: 'on-register',
    migrate: (input) => ({ input }),
  })
  expect(v2.shape).toMatchObject({ resumes: [1, 2], promote: 'on-register' })
  expect(v2.step('a', {}, noop).migrate?.({ course: 'x' }, {}, { version: 1 })).toEqual({ input: { course: 'x' } })
  expect(defineTask({ ...base, resumes: [] }).shape).not.toHaveProperty('resumes')
})

test('a shape from outside is checked for circles too', () => {
  const shape = structuredClone(gradeReport.shape)
  shape.steps[0]?.after.push('publish')
  expect(() => parseShape(shape)).toThrow(TaskFailure)
  expect(() => parseShape(shape)).toThrow(/circle: roster, publish/)
})

test('a module that exports definitions is a pack; one without any is refused', () => {
  expect(packOf('p', { gradeReport, other: 1 }).definitions).toEqual([gradeReport])
  expect(() => packOf('p', { other: 1 })).toThrow(/p exports no task definition/)
})
