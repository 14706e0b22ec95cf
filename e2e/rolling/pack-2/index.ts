import { setTimeout as delay } from 'node:timers/promises'
import { defineTask } from '@errand/task'
import { z } from 'zod'

/** Milliseconds of each step. */
const STEP = 30

/** The version after: a field of the input renamed, a step added, and what the older one has left taken over. */
export const single = defineTask({
  name: 'roll.single',
  version: 2,
  title: 'Something small',
  input: z.object({ course: z.string() }),
  resumes: [1],
  migrate: ({ course_id, ...input }, results) => ({ input: { ...input, course: course_id }, results }),
})
  .step('read', {}, async ({ input, signal }) => {
    await delay(STEP, undefined, { signal })
    return { course: input.course }
  })
  .step('check', { after: ['read'] }, async ({ input, results, signal }) => {
    await delay(STEP, undefined, { signal })
    if (results.read.course !== input.course) throw new Error('The version before read something else.')
  })
  .step('write', { after: ['check', 'read'] }, async ({ results, signal }) => {
    await delay(STEP, undefined, { signal })
    return results.read.course
  })
