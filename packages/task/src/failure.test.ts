import { expect, test } from 'vitest'
import { TaskFailure, toFailure } from './failure.ts'

test('what a task says of its failure is text, whatever it was given', () => {
  // Of an answer that was never looked at: its type says nothing.
  const answer = { data: JSON.parse('{"error":"no such learner"}') }
  const failure = new TaskFailure({ code: 'grade-refused', title: 'Refused', detail: answer.data, hint: answer.data })
  expect(failure.message).toBe('Refused: {"error":"no such learner"}')
  expect(toFailure(failure, 'r', 'send')).toMatchObject({
    code: 'grade-refused',
    title: 'Refused',
    detail: '{"error":"no such learner"}',
    hint: '{"error":"no such learner"}',
    retryable: false,
    step: 'send',
  })
  // Of another copy of this package, which may be older.
  const older = Object.assign(new Error('x'), {
    name: 'TaskFailure',
    code: 'a',
    title: 7,
    detail: null,
    retryable: true,
  })
  expect(toFailure(older, 'r')).toMatchObject({ title: '7', detail: 'null' })
})

test('a failure without particulars has none', () => {
  const failure = new TaskFailure({ code: 'a', title: 'Title' })
  expect([failure.message, failure.detail, failure.hint]).toEqual(['Title', '', undefined])
})

test('a code that is no code is a mistake of whoever wrote the task', () => {
  expect(() => new TaskFailure({ code: 'Not A Code', title: 'x' })).toThrow(/kebab-case/)
})
