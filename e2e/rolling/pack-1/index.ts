import { setTimeout as delay } from 'node:timers/promises'
import { csvRow, defineTask } from '@errand/task'
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

/** Items of a task, and milliseconds of each. */
const ITEMS = 20
const ITEM = 5

/** The same with many items, each a row of one file. */
export const fan = defineTask({
  name: 'roll.fan',
  version: 1,
  title: 'Something with many items',
  input: z.object({ course_id: z.string() }),
  artifacts: { report: { title: 'Report', mediaType: 'text/csv' } },
}).fanOut('rows', {
  items: ({ cursor }) => numbers.slice(cursor === undefined ? 0 : numbers.indexOf(cursor) + 1),
  each: async (item, { append, input, signal }) => {
    await delay(ITEM, undefined, { signal })
    append('report', csvRow([item, input.course_id]))
  },
})

const numbers = Array.from({ length: ITEMS }, (_, index) => `item-${index}`)
