import { buffer } from 'node:stream/consumers'
import { artifact, csvRow, defineTask, TaskFailure } from '@errand/task'
import yazl from 'yazl'
import { z } from 'zod'

/** What stands for the platform in these recipes: put your own in its place. */
const platform = {
  learners: (course: string) => ['Ada', 'Grace', 'Mary'].map((name, at) => ({ id: `${course}-${at + 1}`, name })),
  grade: (id: string) => 60 + 10 * Number(id.at(-1)),
  fromCache: () => 'yesterday',
  live: (answers: boolean) => {
    if (!answers) throw new Error('The analytics service does not answer.')
    return 'live'
  },
  existing: new Set(['Ada']),
}

const course = z.object({ course: z.string() })

// #region report
export const report = defineTask({
  name: 'recipes.report',
  version: 1,
  title: 'Grades of a course',
  input: course,
  scope: ({ course }) => `course:${course}`,
  artifacts: { grades: artifact({ filename: 'grades.csv', mediaType: 'text/csv', keep: { days: 30 } }) },
}).fanOut('grade', {
  title: 'Grade every learner',
  items: ({ input }) => platform.learners(input.course),
  each: ({ id, name }, { append }) => append('grades', csvRow([name, platform.grade(id)])),
  header: { grades: csvRow(['name', 'grade']) },
  retry: { attempts: 3 },
  tolerate: { failures: 0.01 },
})
// #endregion report

// #region zip
export const bundle = defineTask({
  name: 'recipes.bundle',
  version: 1,
  title: 'A letter for everybody',
  input: course,
  artifacts: { letters: artifact({ filename: 'letters.zip', mediaType: 'application/zip' }) },
}).step('write', { title: 'Write the letters', unit: 'letters' }, async ({ artifacts, input, progress }) => {
  const learners = platform.learners(input.course)
  const zip = new yazl.ZipFile()
  for (const [done, { name }] of learners.entries()) {
    zip.addBuffer(Buffer.from(`Dear ${name}\n`), `${name}.txt`)
    progress(done + 1, learners.length)
  }
  zip.end()
  // Leaves at the pace of the storage: of a large archive no more is in memory than is on its way.
  await artifacts.letters.write(zip.outputStream)
})
// #endregion zip

// #region preview
export const enrol = defineTask({
  name: 'recipes.enrol',
  version: 1,
  title: 'Enrol from a list',
  input: z.object({ preview: z.boolean().default(true).describe('Only say what would change') }),
  uploads: { list: { title: 'One name a line', accept: ['.txt'] } },
  artifacts: { changes: artifact({ filename: 'changes.csv', mediaType: 'text/csv' }) },
})
  .step('read', { title: 'Read the list' }, async ({ uploads }) => {
    const names = (await buffer(uploads.list.readable()))
      .toString()
      .split('\n')
      .filter((name) => name !== '')
    if (names.length === 0) {
      throw new TaskFailure({
        code: 'list-empty',
        title: 'The list names nobody',
        hint: 'Write one name on each line.',
      })
    }
    return { added: names.filter((name) => !platform.existing.has(name)) }
  })
  .step('report', { title: 'Say what changes', after: ['read'] }, async ({ artifacts, results }) => {
    await artifacts.changes.write([csvRow(['added']), ...results.read.added.map((name) => csvRow([name]))])
  })
  .step('enrol', { title: 'Enrol', after: ['read', 'report'] }, ({ input, log, results }) => {
    if (input.preview) return log('Nothing was changed: this was a preview.')
    // Adding who is there already changes nothing, so an attempt that begins anew does no harm.
    for (const name of results.read.added) platform.existing.add(name)
  })
// #endregion preview

// #region otherwise
export const figures = defineTask({
  name: 'recipes.figures',
  version: 1,
  title: 'Figures of a course',
  input: z.object({ answers: z.boolean().default(true) }),
  artifacts: { figures: artifact({ filename: 'figures.txt' }) },
})
  .step(
    'ask',
    {
      title: 'Ask the analytics service',
      retry: { attempts: 1 },
      otherwise: (failure, { log }) => {
        log(`Figures of yesterday instead: ${failure.title}`)
        return platform.fromCache()
      },
    },
    ({ input }) => platform.live(input.answers),
  )
  .step('write', { title: 'Write them down', after: ['ask'] }, ({ artifacts, results }) =>
    artifacts.figures.write(`${results.ask}\n`).then(() => undefined),
  )
// #endregion otherwise
