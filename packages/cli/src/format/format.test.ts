import { Writable } from 'node:stream'
import fc from 'fast-check'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { cut, stepLines } from '../display/live.ts'
import { plainDisplay } from '../display/plain.ts'
import { painter } from './paint.ts'
import type { ShownStep, ShownTask } from './shown.ts'
import { progressBar } from './steps.ts'
import { oneLine, table } from './table.ts'
import { artifactStatus, stateSentence, taskPage } from './task.ts'
import { bytes, countOf, duration, relative } from './units.ts'

const now = new Date('2027-01-10T12:00:00Z')
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000).toISOString()
/** No terminal, so no colours. */
const paint = painter(new Writable())

const step = (over: Partial<ShownStep>): ShownStep => ({
  name: 'unpack',
  title: 'Unpack the archive',
  kind: 'step',
  state: 'pending',
  attempt: 0,
  attempts: 3,
  progress: null,
  failure: null,
  retryAt: null,
  startedAt: null,
  finishedAt: null,
  ...over,
})

const artifact = {
  id: 'a1',
  slot: 'archive',
  filename: 'course.tar.gz',
  size: 23_400_000,
  sha256: null,
  state: 'available' as const,
  expiresAt: ago(-86_400 * 89),
  endedAt: null,
  endedReason: null,
  endedBy: null,
}

const task = (over: Partial<ShownTask>): ShownTask => ({
  id: '01938c55-0000-7000-8000-000000000000',
  definition: 'course.import',
  version: 1,
  title: 'Import a course',
  state: 'running',
  waiting: null,
  owner: { id: 'admin', name: 'Administrator' },
  scope: 'course:course-v1:A+B+C',
  steps: [step({})],
  artifacts: [],
  failure: null,
  createdAt: ago(5),
  startedAt: ago(4),
  finishedAt: null,
  ...over,
})

test('sizes, spans and dates are said as people say them', () => {
  expect(bytes(23_400_000)).toBe('23.4 MB')
  expect(duration(400)).toBe('0.4 s')
  expect(duration(59_949)).toBe('59.9 s')
  expect(duration(65_000)).toBe('1m 5s')
  expect(duration(7_260_000)).toBe('2h 1m')
  expect(duration(-5)).toBe('0.0 s')
  expect(relative(new Date('2027-04-10T12:00:00Z'), now)).toBe('in 90 days')
  expect(relative(new Date(ago(300)), now)).toBe('5 minutes ago')
  expect(relative(now, now)).toBe('just now')
  expect(countOf(1_200, 2_500, 'files')).toBe('1,200 of 2,500 files')
  expect(countOf(1_200, 2_500, 'bytes')).toBe('1.2 kB of 2.5 kB')
})

test('columns line up, wide letters too, and end with the text', () => {
  const rows = [
    { name: '课程', size: '1' },
    { name: 'abc', size: '1,000' },
  ]
  const columns = [
    { title: 'NAME', value: (row: { name: string }) => row.name },
    { title: 'SIZE', value: (row: { size: string }) => row.size, align: 'right' as const },
  ]
  expect(table(columns, rows)).toBe('NAME   SIZE\n课程      1\nabc   1,000')
})

test('what others named cannot move the cursor', () => {
  expect(oneLine('a\u001b[2Jb\r\nc\u2028d')).toBe('a [2Jb c d')
})

test.each([
  [{ state: 'pending' as const, startedAt: null, waiting: 'waiting for a worker' }, 'Waiting for a worker'],
  [{ steps: [step({ state: 'completed', finishedAt: ago(1) }), step({})] }, 'Running for 4.0 s, 1 of 2 steps done'],
  [{ state: 'failed' as const, finishedAt: ago(1) }, 'Failed after 3.0 s'],
  [{ state: 'completed' as const, finishedAt: ago(0) }, 'Completed in 4.0 s'],
  [{ state: 'canceled' as const, startedAt: null, finishedAt: ago(4) }, 'Canceled after 1.0 s'],
])('%j is a sentence', (over, text) => {
  expect(stateSentence(task(over), now)).toBe(text)
})

test('a page has the steps, the files and the failure with what to do', () => {
  const failure = {
    code: 'x',
    title: 'No course.xml',
    detail: 'A.tar.gz has none.',
    hint: 'Pack it.',
    reference: 'r-1',
  }
  const page = taskPage(
    task({
      state: 'failed',
      finishedAt: ago(0),
      failure,
      artifacts: [artifact],
      steps: [
        step({ state: 'completed', startedAt: ago(4), finishedAt: ago(1) }),
        step({
          name: 'read',
          title: 'Read',
          state: 'failed',
          attempt: 2,
          startedAt: ago(1),
          finishedAt: ago(0),
          failure,
        }),
        step({ name: 'tidy', title: 'Tidy up', kind: 'on-cancel' }),
      ],
    }),
    now,
    paint,
  )
  expect(page).toBe(`Import a course  course.import@1
Failed after 4.0 s
01938c55-0000-7000-8000-000000000000  course:course-v1:A+B+C  by Administrator, 5 seconds ago

✓ Unpack the archive  3.0 s
✗ Read                1.0 s  attempt 2 of 3

FILE     NAME           STATUS
archive  course.tar.gz  23.4 MB, until 9 Apr 2027 (in 89 days)

No course.xml
A.tar.gz has none.
What to do: Pack it.
Reference: r-1`)
})

test('a file that is gone says when, by whom and why', () => {
  const gone = { ...artifact, endedAt: ago(60), endedReason: 'the reason' }
  expect(artifactStatus({ ...gone, state: 'deleted', endedBy: 'Ann' }, now)).toBe('deleted 10 Jan 2027 by Ann')
  expect(artifactStatus({ ...gone, state: 'consumed', endedBy: 'Ann' }, now)).toBe(
    'consumed 10 Jan 2027 by Ann: the reason',
  )
  expect(artifactStatus({ ...gone, state: 'expired', endedBy: 'errand' }, now)).toBe('expired 10 Jan 2027: the reason')
})

test('plain lines: one when a step is over, one for each retry', () => {
  const lines: string[] = []
  const display = plainDisplay(
    (line) => lines.push(line),
    paint,
    () => now,
  )
  const failure = { code: 'x', title: 'Storage away', detail: '', reference: 'r' }
  const running = step({ state: 'running', attempt: 1, startedAt: ago(1) })
  display.update(task({ steps: [running] }))
  display.update(task({ steps: [{ ...running, state: 'retrying', failure, retryAt: ago(-5) }] }))
  display.log('unpack', 'half\nway')
  display.log('other', 'on')
  display.update(task({ steps: [{ ...running, state: 'running', attempt: 2 }] }))
  const done = task({ steps: [{ ...running, state: 'completed', attempt: 2, finishedAt: ago(0) }] })
  display.update(done)
  display.update(done)
  expect(lines).toEqual([
    '↻ Unpack the archive  1.0 s  attempt 2 of 3 in 5.0 s: Storage away',
    '  Unpack the archive: half way',
    '  on',
    '✓ Unpack the archive  1.0 s  attempt 2 of 3',
  ])
})

test('the picture shows a bar where the total is known', () => {
  const progress = { done: 1_200, total: 2_400, unit: 'files', message: 'a.png' }
  const [line] = stepLines(task({ steps: [step({ state: 'running', attempt: 1, startedAt: ago(2), progress })] }), {
    now,
    spinner: '⠋',
    width: 120,
    paint,
  })
  expect(line).toBe(
    `⠋ Unpack the archive    2.0 s  ${'━'.repeat(12)}${'─'.repeat(12)}  50 %  1,200 of 2,400 files  a.png`,
  )
})

test('no line of the picture is wider than the terminal, whatever the names', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
  const numbers = fc.record({
    done: fc.nat(),
    total: fc.option(fc.nat()),
    unit: fc.option(text),
    message: fc.option(text),
  })
  fc.assert(
    fc.property(text, numbers, fc.integer({ min: 40, max: 200 }), (title, progress, width) => {
      const running = step({ title, state: 'running', attempt: 2, startedAt: ago(2), progress })
      for (const line of stepLines(task({ steps: [running] }), { now, spinner: '⠋', width, paint })) {
        expect(stringWidth(line)).toBeLessThanOrEqual(width)
      }
    }),
  )
})

test('a bar never overflows', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (done, total) => {
      const bar = progressBar({ done, total, unit: null, message: null }, 10, paint)
      expect(bar === '' || stringWidth(bar) === 16).toBe(true)
    }),
  )
  expect(cut('abcdef', 4)).toBe('abc…')
})
