/**
 * A grade report for every learner of a course: the example of a fan-out.
 *
 * @packageDocumentation
 */
import { definePack, type StoreConfig } from '@errand/task'
import { z } from 'zod'
import { gradeReport } from './grade-report.ts'

export { type Grade, type GradeBook, gradeOf } from './grade.ts'
export { gradeReport } from './grade-report.ts'
export { type Learner, learnersAfter, type Roster } from './roster.ts'

const storeSchema: z.ZodType<StoreConfig> = z.object({ scheme: z.string() }).catchall(z.string())

export default definePack({
  name: '@errand/grade-report',
  options: z.strictObject({
    /** Where the note of each course's newest report is kept. Default: the platform's storage. */
    store: storeSchema.optional(),
  }),
  stores: ({ store }) => ({ shelf: store }),
  definitions: [gradeReport],
})
