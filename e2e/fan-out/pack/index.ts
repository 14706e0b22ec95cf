import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { artifact, csvRow, defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** Fan-outs that are hard on whoever runs them. */

const numbers = z.array(z.int().min(0)).default([])

/** The file of so many items, but for those that are left out. */
export function fileOf(items: number, without: readonly number[] = []): string {
  const rows = Array.from({ length: items }, (_, n) => n).filter((n) => !without.includes(n))
  return HEADER + rows.map(rowOf).join('')
}

const HEADER = csvRow(['n', 'square', 'text'])

function rowOf(n: number): string {
  return csvRow([n, n * n, `item ${n}, with "quotes"`])
}

/** Ends the process as a crash in native code would. `process.abort()` itself is refused in a thread. */
function crash(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;) Math.random()
}

function* numbersAfter(cursor: string | undefined, items: number): Generator<string> {
  for (let n = cursor === undefined ? 0 : Number(cursor) + 1; n < items; n++) yield String(n)
}

export const hard = defineTask({
  name: 'hard',
  version: 1,
  title: 'Write a row for each number',
  input: z.object({
    items: z.int().min(1),
    pause: z.number().default(0).describe('Milliseconds each item waits'),
    aborts: numbers.describe('Items that end their process'),
    throws: numbers.describe('Items that fail each time'),
    twice: numbers.describe('Items that fail twice'),
    mended: z.string().default('').describe('With a file of this name, all items are fine'),
  }),
  scope: ({ items }) => `hard:${items}`,
  artifacts: { rows: artifact({ filename: 'rows.csv', mediaType: 'text/csv' }) },
})
  .fanOut('write', {
    title: 'Write the rows',
    items: ({ input, cursor }) => numbersAfter(cursor, input.items),
    header: { rows: HEADER },
    retry: { attempts: 3, backoff: 'fixed', delay: { seconds: 0.2 } },
    tolerate: { failures: 20 },
    each: async (item, { input, append, attempt, signal }) => {
      const n = Number(item)
      if (input.pause > 0) await delay(input.pause, undefined, { signal })
      if (!existsSync(input.mended)) {
        if (input.aborts.includes(n)) crash()
        if (input.throws.includes(n)) throw new TaskFailure({ code: 'never-works', title: `${n} never works` })
        if (input.twice.includes(n) && attempt < 3) throw new Error(`${n} does not work yet`)
      }
      append('rows', rowOf(n))
    },
  })
  .step('count', { title: 'Count', after: ['write'] }, ({ results }) => results.write)
