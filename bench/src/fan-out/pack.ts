import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { rowOf } from './row.ts'

function* numbersAfter(cursor: string | undefined, items: number): Generator<string> {
  for (let n = cursor === undefined ? 0 : Number(cursor) + 1; n < items; n++) yield String(n)
}

function rowsTask(name: string, concurrency: number) {
  return defineTask({
    name,
    version: 1,
    title: 'Write a row for each item',
    input: z.object({ items: z.int(), scope: z.string().default('bench') }),
    scope: ({ scope }) => scope,
    artifacts: { rows: artifact({ filename: 'rows.csv', mediaType: 'text/csv' }) },
  }).fanOut('write', {
    items: ({ input, cursor }) => numbersAfter(cursor, input.items),
    each: (item, { append }) => append('rows', rowOf(Number(item))),
    concurrency,
  })
}

/** The same, with as many slices at once as is usual and with many. */
export const rows = rowsTask('rows', 8)
export const rowsWide = rowsTask('rows-wide', 64)

/** What somebody else starts meanwhile. */
export const nothing = defineTask({ name: 'nothing', version: 1, title: 'Nothing', input: z.object({}) }).step(
  'only',
  {},
  () => undefined,
)
