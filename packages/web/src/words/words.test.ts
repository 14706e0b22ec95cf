import type { Access, Step, TaskSummary } from '@errand/client'
import { expect, test } from 'vitest'
import { isAskedFor } from '../api/asked-for.ts'
import type { TaskFilters } from '../api/queries.ts'
import { fieldsOf, inputOf } from '../start/fields.ts'
import { layersOf } from '../task/layers.ts'
import { filtersOf } from '../tasks/filters.ts'
import {
  accessWords,
  attemptWords,
  failedSentence,
  failedWords,
  paceWords,
  progressWords,
  seenBy,
  sentenceOf,
  shareOf,
  spentWords,
  subjectOf,
  whyNoCancel,
  whyNoDelete,
  whyNoItemRetry,
  whyNoStart,
} from './states.ts'
import { bytes, duration, relative, until } from './units.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString()

function step(name: string, more: Partial<Step> = {}): Step {
  return {
    name,
    title: name,
    kind: 'step',
    after: [],
    state: 'pending',
    attempt: 0,
    attempts: 5,
    progress: null,
    failure: null,
    retryAt: null,
    startedAt: null,
    finishedAt: null,
    ...more,
  }
}

function task(more: Partial<TaskSummary>): TaskSummary {
  return {
    id: 'x',
    definition: 'course.export',
    version: 1,
    title: 'Export',
    state: 'running',
    waiting: null,
    owner: { id: 'ada', name: 'Ada' },
    scope: '',
    origin: { by: 'web' },
    steps: [],
    artifacts: [],
    failure: null,
    may: ['cancel', 'retry', 'delete'],
    sequence: 1,
    createdAt: at(-60),
    startedAt: at(-50),
    finishedAt: null,
    ...more,
  }
}

test.each([
  [0, 'less than 0.1\u00A0s'],
  [9_999, '9.9\u00A0s'],
  [59_999, '59\u00A0s'],
  [200_000, '3\u00A0min 20\u00A0s'],
  [7_200_000, '2\u00A0h'],
  [273_600_000, '3\u00A0d 4\u00A0h'],
  [-5, 'less than 0.1\u00A0s'],
])('%i ms are %s', (span, words) => expect(duration(span)).toBe(words))

test.each([
  [0, '0\u00A0B'],
  [999, '999\u00A0B'],
  [1_000, '1.0\u00A0kB'],
  [999_950, '1.0\u00A0MB'],
  [23_400_000, '23.4\u00A0MB'],
])('%i bytes are %s', (size, words) => expect(bytes(size)).toBe(words))

test.each([
  [3_600, 'in 1 hour'],
  [47 * 3_600, 'in 1 day'],
  [49 * 3_600, 'in 2 days'],
  [-86_400, '1 day ago'],
  [20, 'now'],
])('what comes in %i s is %s', (seconds, words) => expect(until(at(seconds), NOW)).toBe(words))

test('what has happened is never to come', () => {
  expect(relative(at(-180), NOW)).toBe('3 minutes ago')
  expect(relative(at(720), NOW)).toBe('now')
})

test.each([
  [1 / 60, '1 a minute'],
  [1 / 61, '59 an hour'],
  [1 / 900, '4 an hour'],
  [1 / 7_200, 'less than 1 an hour'],
])('%f a second are %s', (rate, words) => {
  const progress = { done: 1, total: 3, unit: null, message: null, rate, secondsLeft: 2_400 }
  expect(paceWords(step('a', { state: 'running', progress }), NOW)).toBe(`${words}, about 40\u00A0min left`)
})

test('a task says how it stands', () => {
  const steps = [step('Read', { state: 'completed' }), step('Write the archive', { state: 'running' }), step('Send')]
  expect(sentenceOf(task({ steps }), NOW)).toBe('Step 2 of 3: Write the archive')
  const waiting = 'waiting for a worker that has course.export v2'
  expect(sentenceOf(task({ state: 'pending', waiting }), NOW)).toBe('Waiting for a worker that has course.export v2')
  expect(sentenceOf(task({ state: 'completed', finishedAt: at(-30) }), NOW)).toBe('Completed in 20\u00A0s')
  const cleanup = step('Tidy', { kind: 'on-cancel', state: 'running' })
  expect(sentenceOf(task({ steps: [...steps.slice(2), cleanup] }), NOW)).toBe('Cleaning up: Tidy')
})

test('progress is counted, timed, and never more than all', () => {
  const running = step('a', {
    state: 'running',
    startedAt: at(-10),
    progress: { done: 1_000, total: 4_000, unit: 'files', message: null },
  })
  expect(progressWords(running)).toBe('1,000 of 4,000 files')
  expect(paceWords(running, NOW)).toBe('100 a second, about 30\u00A0s left')
  expect(shareOf(task({ steps: [step('b', { state: 'completed' }), running] }))).toBe(0.625)
  const over = step('a', { state: 'running', progress: { done: 9, total: 3, unit: null, message: null } })
  expect(shareOf(task({ steps: [over] }))).toBe(1)
})

test('many items say how many failed, how fast they go, and that they are paused', () => {
  const progress = { done: 500, total: 2_000, unit: 'learners', message: null, failed: 3, rate: 50, secondsLeft: 30 }
  const running = step('Grade', { kind: 'fan-out', state: 'running', startedAt: at(-10), progress })
  expect([failedWords(running), paceWords(running, NOW)]).toEqual(['3 failed', '50 a second, about 30\u00A0s left'])
  const paused = { ...running, progress: { ...progress, paused: true } }
  expect([paceWords(paused, NOW), sentenceOf(task({ steps: [paused] }), NOW)]).toEqual([
    '',
    'Step 1 of 1: Grade (paused)',
  ])
  expect(whyNoItemRetry(task({ steps: [running] }))).toBe('It is not over yet')
  const ended = task({ state: 'completed_with_errors', steps: [{ ...running, state: 'completed' }] })
  expect(whyNoItemRetry(ended)).toBeUndefined()
  expect(whyNoItemRetry({ ...ended, steps: [] })).toBe('None of its items has failed')
  expect(whyNoItemRetry({ ...ended, state: 'failed' })).toMatch(/^They are not all that is missing/)
})

test('what somebody may not do says why, and so does what its state does not allow', () => {
  expect(whyNoCancel(task({}))).toBeUndefined()
  expect(whyNoCancel(task({ may: [] }))).toBe('Only its owner and staff may')
  expect(whyNoDelete(task({}))).toBe('It is not over yet: cancel it first')
  expect(whyNoDelete(task({ state: 'failed' }))).toBeUndefined()
  expect(whyNoDelete(task({ state: 'failed', may: ['cancel', 'retry'] }))).toBe(
    'Only its owner and the platform’s staff may',
  )
})

test('a task that failed says where', () => {
  const steps = [step('Read', { state: 'completed' }), step('Write', { state: 'failed' })]
  expect(failedSentence(task({ state: 'failed', steps }), NOW)).toBe('Failed at step 2 of 2: Write')
  expect(failedSentence(task({ state: 'failed', finishedAt: at(-30) }), NOW)).toBe('Failed after 20\u00A0s')
})

test('a scope is shown as people know it', () => {
  expect(subjectOf('course:course-v1:Org+A+1')).toBe('course-v1:Org+A+1')
  expect(subjectOf('')).toBe('')
})

test('an attempt that failed says when the next is', () => {
  const retrying = step('a', { state: 'retrying', attempt: 1, retryAt: at(40) })
  expect(attemptWords(retrying, NOW)).toBe('Attempt 1 of 5 failed, next in 40\u00A0s')
  expect(attemptWords(step('a', { state: 'running', attempt: 2 }), NOW)).toBe('Attempt 2 of 5')
  expect(attemptWords(step('a', { state: 'running', attempt: 1 }), NOW)).toBe('')
})

test('each step stands below all it waits for, and says so where the picture does not', () => {
  const steps = [step('a'), step('b'), step('c', { after: ['a', 'b'] }), step('d', { after: ['a', 'c'] })]
  const layers = layersOf(steps).map((layer) => layer.map((placed) => [placed.step.name, ...placed.after]))
  expect(layers).toEqual([[['a'], ['b']], [['c']], [['d', 'a', 'c']]])
  expect(layersOf([step('x', { after: ['y'] }), step('y', { after: ['x'] })]).flat()).toHaveLength(2)
})

test('days of an address are those of the calendar', () => {
  expect(filtersOf({ from: '2026-02-28', to: '2026-02-29' })).toEqual({ from: '2026-02-28' })
  expect(filtersOf({ from: 20260101, to: '1 May' })).toEqual({})
})

test('an address that says nonsense narrows nothing down', () => {
  expect(filtersOf({ state: 'failed', q: 7, owner: 'me', page: 3 })).toEqual({ state: ['failed'], q: '7', owner: 'me' })
  expect(filtersOf({ state: ['nonsense'], q: '  ', scope: { $ne: 1 } })).toEqual({})
})

test('a form has a field for each property, and leaves out what was left empty', () => {
  const fields = fieldsOf({
    type: 'object',
    required: ['courseKey', 'minimum'],
    properties: {
      courseKey: { type: 'string', description: 'Which one' },
      minimum: { type: 'number', default: 0 },
      kind: { type: 'string', enum: ['a', 'b'] },
      tags: { type: 'array', items: { type: 'string' } },
      deep: { type: 'object' },
    },
  })
  expect(fields.map(({ label, kind, required }) => [label, kind, required])).toEqual([
    ['Course key', 'text', true],
    ['Minimum', 'number', false],
    ['Kind', 'choice', false],
    ['Tags', 'list', false],
    ['Deep', 'json', false],
  ])
  const values = { courseKey: 'x', minimum: 0, kind: null, tags: [], deep: '{"a":1}' }
  expect(inputOf(fields, values)).toEqual({ courseKey: 'x', minimum: 0, deep: { a: 1 } })
  expect(() => inputOf(fields, { deep: '{' })).toThrow(SyntaxError)
})

test('who finds a task: the team only where the definition makes something for it', () => {
  const shape = { artifacts: { report: { visibility: 'team' } } } as const
  const definition = { name: 'course.export', version: 1, shape }
  expect(seenBy(task({}))).toBe('Ada, the staff of what it is about, and the platform’s staff')
  expect(seenBy(task({}), [definition])).toBe('Ada, the team and staff of what it is about, and the platform’s staff')
  expect(seenBy(task({ version: 2 }), [definition])).toBe(
    'Ada, the staff of what it is about, and the platform’s staff',
  )
})

test('how long a task has run is said once', () => {
  expect(spentWords(task({}), NOW)).toBe('running for 50\u00A0s')
  expect(spentWords(task({ startedAt: null }), NOW)).toBe('')
  expect(spentWords(task({ state: 'failed', finishedAt: at(-20) }), NOW)).toBe('ran for 30\u00A0s')
  expect(spentWords(task({ state: 'completed', finishedAt: at(-20) }), NOW)).toBe('')
})

test('what somebody did with a file is told in words', () => {
  const who = { id: 'ada', name: 'Ada' }
  const download: Access = { action: 'download', who, delivery: null, range: null, bytes: 5, complete: true, at: at(0) }
  expect(accessWords(download)).toBe('Ada downloaded it')
  expect(accessWords({ ...download, complete: false })).toBe('Ada began to download it, and did not get all of it')
  expect(accessWords({ ...download, range: { start: 0, end: 3 } })).toBe('Ada downloaded a part of it')
  expect(accessWords({ ...download, action: 'expire' })).toBe('Its time was over')
})

test('what cannot be started again says whether a role or a limit is in the way', () => {
  expect(whyNoStart(undefined)).toBeUndefined()
  expect(whyNoStart({ mayStart: true, refusal: null })).toBeUndefined()
  expect(whyNoStart({ mayStart: true, refusal: 'One a day.' })).toBe('One a day.')
  expect(whyNoStart({ mayStart: false, refusal: null })).toBe('Whoever starts this needs a role in what it is about')
})

test.each([
  [{}, true],
  [{ state: ['running', 'pending'] }, true],
  [{ state: ['failed'] }, false],
  [{ definition: 'course.export' }, true],
  [{ definition: 'course.import' }, false],
  [{ scope: 'course:course-v1:Org+A+1' }, true],
  [{ scope: 'course:course-v1:Org+A' }, false],
  [{ owner: 'me' }, true],
  [{ owner: 'ben' }, false],
  [{ from: '2026-11-25', to: '2026-11-25' }, true],
  [{ to: '2026-11-24' }, false],
  [{ from: '2026-11-26' }, false],
  [{ q: 'exp ORG' }, true],
  [{ q: 'xport' }, false],
] satisfies [TaskFilters, boolean][])('a task is asked for by %o: %s', (filters, is) => {
  const created = new Date(2026, 10, 25, 12).toISOString()
  expect(isAskedFor(task({ scope: 'course:course-v1:Org+A+1', createdAt: created }), filters, 'ada')).toBe(is)
})
