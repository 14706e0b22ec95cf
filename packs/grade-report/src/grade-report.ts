import { artifact, csvRow, defineTask, type FanOutResult, TaskFailure } from '@errand/task'
import { z } from 'zod'
import { gradeOf } from './grade.ts'
import { learnersAfter } from './roster.ts'
import { type ShelfEntry, shelve } from './shelf.ts'
import { texts } from './texts.ts'

const inputSchema = z.object({
  course: z.string().min(1).max(200).describe('The key of the course'),
  minimum: z.number().min(0).max(100).default(60).describe('Percent from which a learner has passed'),
  learners: z.int().min(0).max(1_000_000).default(1_000).describe('How many learners the made-up roster has'),
  seed: z.int().default(1).describe('Another number makes another roster'),
  unreadable: z.number().min(0).max(1).default(0.001).describe('The share of learners whose record cannot be read'),
})

/** The first line of the file. */
const COLUMNS = ['id', 'name', 'homework', 'midterm', 'final', 'percent', 'passed']

/**
 * One row for each learner of a course, in one file. The roster is made up, of any size, so that it runs anywhere; all
 * the rest is as it would be on a platform.
 */
export const gradeReport = defineTask({
  name: 'grade-report',
  version: 1,
  title: 'Grade report',
  description: 'Works out the grade of every learner of a course, and writes them into one CSV file.',
  input: inputSchema,
  scope: ({ course }) => `course:${course}`,
  // One at a time for each course: whoever starts a second one is told which is running.
  unique: ({ course }) => course,
  artifacts: {
    report: artifact<z.output<typeof inputSchema>>({
      title: 'Grades',
      filename: ({ course }) => `${course}-grades.csv`,
      mediaType: 'text/csv',
      visibility: 'team',
      keep: { days: 90 },
    }),
    summary: artifact({
      title: 'Summary',
      filename: 'summary.json',
      mediaType: 'application/json',
      visibility: 'team',
      keep: { days: 90 },
    }),
  },
  // Words are no part of a version: they may be mended and added to at any time.
  notifications: texts,
})
  // What makes the whole report pointless is found here, before thousands of learners are planned.
  .step('roster', { title: 'Read the roster' }, ({ input }) => {
    if (input.learners === 0) {
      throw new TaskFailure({
        code: 'roster-empty',
        title: 'The course has no learners',
        detail: `Nobody is enrolled in ${input.course}.`,
        hint: 'Enrol at least one learner and run the report again.',
      })
    }
    return { learners: input.learners }
  })
  .fanOut('grade', {
    title: 'Grade every learner',
    after: ['roster'],
    unit: 'learners',
    // Who is graded, decided once: a learner who enrols while the report runs is not in it. It may be an async
    // generator; it is called again with a cursor when the worker that planned is lost.
    items: ({ input, cursor }) => learnersAfter(input, cursor),
    // What names a learner in the list of errors, and in the cursor.
    key: ({ id }) => id,
    // For each learner, in a thread, many at once on several machines. It may run a second time after a crash, so what
    // it does outside must bear that; what it appends is in the file once all the same.
    each: (learner, { input, append }) => {
      const { homework, midterm, final, percent, passed } = gradeOf(input, learner)
      append('report', csvRow([learner.id, learner.name, homework, midterm, final, percent, passed ? 'yes' : 'no']))
    },
    header: { report: csvRow(COLUMNS) },
    // A failure that a second try may mend (a service that does not answer) is tried again for this learner alone. A
    // TaskFailure that is not retryable, as gradeOf throws, is final at once.
    retry: { attempts: 3, backoff: 'exponential' },
    // One learner in a hundred may lack a row: the report is worth having without it, and says who is missing. With
    // more there is something wrong that no reader should have to find out.
    tolerate: { failures: 0.01 },
    // Pieces of the work in hand at once, on all machines together: as many as the grade book bears.
    concurrency: 8,
  })
  .step(
    'publish',
    {
      title: 'Publish',
      after: ['grade'],
      retry: { attempts: 3 },
      // When all tries have failed: the report itself is complete and can be downloaded, so that is no reason to fail.
      otherwise: async (failure, { results, artifacts, log }) => {
        const summary = { ...summaryOf(results.grade), published: false }
        await artifacts.summary.write(JSON.stringify(summary))
        log(`The report is complete. It could not be put on the shelf: ${failure.title}`)
        return summary
      },
    },
    async ({ input, results, stores, artifacts, log }) => {
      const note = summaryOf(results.grade)
      await shelve(stores, input.course, note)
      const summary = { ...note, published: true }
      await artifacts.summary.write(JSON.stringify(summary))
      log(`${note.graded} of ${note.learners} learners graded`)
      return summary
    },
  )

/** What became of the learners, as the last step's result. */
function summaryOf({ total, completed, failed }: FanOutResult): ShelfEntry {
  return { learners: total, graded: completed, failed }
}
