import { defineTask } from '@errand/task'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { isProblem } from '../problem.ts'
import { checkInput, requestDigest } from './check-input.ts'

const { shape } = defineTask({
  name: 'checked',
  version: 1,
  title: 'Checked',
  input: z.object({
    course: z.string().min(1).max(20),
    times: z.int().min(1).max(9).default(2),
    mode: z.enum(['fast', 'full']).optional(),
    mail: z.email().optional(),
    since: z.iso.date().optional(),
    filter: z.object({ terms: z.array(z.string()).max(2) }).optional(),
  }),
}).step('only', {}, () => 1)

test('defaults are filled in, what is given stays, and the caller keeps its own object', () => {
  const given = { course: 'C' }
  expect(checkInput(shape, given)).toEqual({ course: 'C', times: 2 })
  expect(given).toEqual({ course: 'C' })
  expect(checkInput(shape, { course: 'C', times: 5, filter: { terms: ['a'] } })).toEqual({
    course: 'C',
    times: 5,
    filter: { terms: ['a'] },
  })
})

test.each<[string, unknown, { field: string; message: string }[]]>([
  ['nothing at all', undefined, [{ field: 'course', message: 'is required' }]],
  ['null', null, [{ field: 'course', message: 'is required' }]],
  ['a list', [], [{ field: 'input', message: 'must be object' }]],
  ['a text', 'course', [{ field: 'input', message: 'must be object' }]],
  ['a number for a text', { course: 5 }, [{ field: 'course', message: 'must be string' }]],
  ['a text for a number', { course: 'C', times: '5' }, [{ field: 'times', message: 'must be integer' }]],
  ['too small', { course: 'C', times: 0 }, [{ field: 'times', message: 'must be >= 1' }]],
  ['too long', { course: 'C'.repeat(21) }, [{ field: 'course', message: 'must NOT have more than 20 characters' }]],
  ['a misspelt field', { course: 'C', tmes: 2 }, [{ field: 'tmes', message: 'is not a field of this task' }]],
  ['none of the choices', { course: 'C', mode: 'slow' }, [{ field: 'mode', message: 'must be one of fast, full' }]],
  ['no date', { course: 'C', since: '2024-13-40' }, [{ field: 'since', message: 'must match format "date"' }]],
  ['deep down', { course: 'C', filter: { terms: ['a', 3] } }, [{ field: 'filter.terms.1', message: 'must be string' }]],
  ['missing deep down', { course: 'C', filter: {} }, [{ field: 'filter.terms', message: 'is required' }]],
  ['a NUL', { course: 'a\0b' }, [{ field: 'course', message: 'contains a character that is not text' }]],
  [
    'half an emoji',
    { course: 'C', filter: { terms: ['\ud83d'] } },
    [{ field: 'filter.terms.0', message: 'contains a character that is not text' }],
  ],
])('%s is refused, naming the field', (_what, input, issues) => {
  const problem = refusal(input)
  expect(problem).toMatchObject({ code: 'input-invalid', status: 422 })
  expect(problem.hint).toContain('course, times, mode')
  expect(problem.extensions.issues).toEqual(expect.arrayContaining(issues))
})

test('every field that is wrong is named at once', () => {
  const { issues } = refusal({ times: 0, mode: 'x', other: 1 }).extensions
  expect(issues).toHaveLength(4)
})

test('whatever comes in, it is an input that fits or a problem that says why', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: false, maxDepth: 3 }), (given) => {
      try {
        expect(typeof checkInput(shape, given).course).toBe('string')
      } catch (error) {
        if (!isProblem(error)) throw error
        expect(error.detail).not.toBe('.')
      }
    }),
    { numRuns: 300 },
  )
})

test('the digest of a request does not depend on the order of its fields', () => {
  const one = requestDigest({ definition: 'd', input: { a: 1, b: { c: 2, d: 3 } }, uploads: {} })
  expect(requestDigest({ uploads: {}, input: { b: { d: 3, c: 2 }, a: 1 }, definition: 'd' })).toBe(one)
  expect(requestDigest({ definition: 'd', input: { a: 1, b: { c: 2, d: 4 } }, uploads: {} })).not.toBe(one)
})

function refusal(input: unknown) {
  try {
    checkInput(shape, input)
  } catch (error) {
    if (isProblem(error)) return error
    throw error
  }
  throw new Error('it was taken')
}
