import { defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** The version after: a field renamed, a step added in the middle, and the older version's tasks taken over. */
export const order = defineTask({
  name: 'order',
  version: 2,
  title: 'Order',
  input: z.object({ course: z.string(), wait: z.boolean().default(false) }),
  resumes: [1],
  migrate: ({ course_id, ...rest }, results, { version }) => {
    if (course_id === 'unknown') throw new TaskFailure({ code: 'gone', title: 'The course is gone' })
    if (course_id === 'crash') process.exit(1)
    return {
      input: { ...rest, course: course_id },
      results: results.read === undefined ? results : { ...results, read: { read: course_id, from: version } },
    }
  },
})
  .step('read', {}, ({ input }) => ({ read: input.course, from: 2 }))
  .step('check', { after: ['read'] }, ({ results }) => `checked ${results.read.read} read by v${results.read.from}`)
  .step('write', { after: ['check'] }, async ({ log, results, once }) => {
    const charged = await once('charge', () => 'charged by v2')
    log(`v2 wrote, ${results.check}, ${charged}`)
  })
