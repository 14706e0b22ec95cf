import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvRow } from '@errand/task'
import { createTestbed, type Testbed } from '@errand/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gradeOf } from './grade.ts'
import { learnersAfter } from './roster.ts'
import { keyOf } from './shelf.ts'

const pack = new URL('./index.ts', import.meta.url)
const course = 'course-v1:Errand+TIDES101+2026'
const input = { course, learners: 1_500, seed: 4, minimum: 60, unreadable: 0.003 }

let folder: string
let bed: Testbed
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-grades-'))
  bed = await createTestbed({ pack })
})
afterAll(async () => {
  await bed.close()
  await rm(folder, { recursive: true, force: true })
})

/** What the two files must hold, worked out here and in one go. */
function expected(): { report: string; unreadable: string[] } {
  let report = csvRow(['id', 'name', 'homework', 'midterm', 'final', 'percent', 'passed'])
  const unreadable: string[] = []
  for (const learner of learnersAfter(input, undefined)) {
    try {
      const { homework, midterm, final, percent, passed } = gradeOf(input, learner)
      report += csvRow([learner.id, learner.name, homework, midterm, final, percent, passed ? 'yes' : 'no'])
    } catch {
      unreadable.push(learner.id)
    }
  }
  return { report, unreadable }
}

test('each learner has a row, in order; those whose record cannot be read are listed; the shelf has a note', async () => {
  const { report, unreadable } = expected()
  expect(unreadable.length).toBeGreaterThan(0)
  const run = await bed.run('grade-report', { input })
  expect(run.state).toBe('completed_with_errors')
  expect(run.artifact('report')).toMatchObject({ filename: `${course}-grades.csv`, mediaType: 'text/csv' })
  expect(await run.artifact('report').text()).toBe(report)
  const errors = (await run.artifact('errors').text()).trimEnd().split('\r\n').slice(1)
  expect(errors.map((line) => line.split(',').slice(0, 2))).toEqual(unreadable.map((id) => [id, 'grades-unreadable']))
  const summary = { learners: 1_500, graded: 1_500 - unreadable.length, failed: unreadable.length }
  expect(await run.artifact('summary').json()).toEqual({ ...summary, published: true })
  expect(JSON.parse(Buffer.from((await bed.store('shelf').get(keyOf(course))) ?? []).toString())).toEqual(summary)
})

test('nobody is listed where everything can be read', async () => {
  const run = (await bed.run('grade-report', { input: { ...input, unreadable: 0, learners: 120 } })).assertCompleted()
  expect((await run.artifact('report').text()).split('\r\n')).toHaveLength(122)
  expect(() => run.artifact('errors')).toThrow('There is no file in "errors"')
})

test('the report fails when too many records cannot be read', async () => {
  const run = await bed.run('grade-report', { input: { ...input, unreadable: 0.2, learners: 500 } })
  expect(run.state).toBe('failed')
  expect(run.failure?.step).toBe('grade')
})

test('a course without learners is refused before anything is graded', async () => {
  const run = await bed.run('grade-report', { input: { ...input, learners: 0 } })
  expect(run.failure).toMatchObject({ code: 'roster-empty', step: 'roster' })
})

test('the report is there also when the shelf cannot be reached', async () => {
  const root = join(folder, 'shelf')
  await using without = await createTestbed({ pack, options: { store: { scheme: 'fs', root } } })
  // A file where the notes' folder should be.
  await writeFile(join(root, 'newest'), '')
  const run = await without.run('grade-report', { input: { ...input, unreadable: 0, learners: 60 } })
  run.assertCompleted()
  expect(await run.artifact('summary').json()).toEqual({ learners: 60, graded: 60, failed: 0, published: false })
  expect(run.logs.join(' ')).toContain('could not be put on the shelf')
  expect((await run.artifact('report').text()).split('\r\n')).toHaveLength(62)
})
