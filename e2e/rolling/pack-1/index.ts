import { setTimeout as delay } from 'node:timers/promises'
import { defineTask } from '@errand/task'
import { z } from 'zod'

/** Milliseconds of each step: long enough that a worker which is stopped has some in hand. */
const STEP = 30

/** The version before. */
export const single = defineTask({
  name: 'roll.single',
  version: 1,
  title: 'Something small',
  input: z.object({ course_id: z.string() }),
})
  .step('read', {}, async ({ input, signal }) => {
    await delay(STEP, undefined, { signal })
    return { course: input.course_id }
  })
  .step('write', { after: ['read'] }, async ({ results, signal }) => {
    await delay(STEP, undefined, { signal })
    return results.read.course
  })
