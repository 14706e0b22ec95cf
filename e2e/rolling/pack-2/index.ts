import { setTimeout as delay } from 'node:timers/promises'
import { csvRow, defineTask } from '@errand/task'
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

/** Items of a task, and milliseconds of each. */
const ITEMS = 20
const ITEM = 5

/** The same with many items: it goes on between two slices, and has a step more behind them. */
export const fan = defineTask({
  name: 'roll.fan',
  version: 2,
  title: 'Something with many items',
  input: z.object({ course: z.string() }),
  artifacts: { report: { title: 'Report', mediaType: 'text/csv' } },
  resumes: [1],
  migrate: ({ course_id, ...input }, results) => ({ input: { ...input, course: course_id }, results }),
})
  .fanOut('rows', {
    items: ({ cursor }) => numbers.slice(cursor === undefined ? 0 : numbers.indexOf(cursor) + 1),
    each: async (item, { append, input, signal }) => {
      await delay(ITEM, undefined, { signal })
      append('report', csvRow([item, input.course]))
    },
  })
  .step('check', { after: ['rows'] }, async ({ results }) => {
    if (results.rows.completed !== ITEMS) throw new Error(`Of ${ITEMS} items ${results.rows.completed} are done.`)
  })

const numbers = Array.from({ length: ITEMS }, (_, index) => `item-${index}`)
