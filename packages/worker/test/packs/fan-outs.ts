import { artifact, csvRow, defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** Steps with many items, in all the ways a worker must bear. */

const about = { version: 1, artifacts: { report: artifact({ filename: 'report.csv', mediaType: 'text/csv' }) } }

function* numbers(count: number, cursor: string | undefined) {
  for (let n = cursor === undefined ? 0 : Number(cursor) + 1; n < count; n++) yield String(n)
}

/** One row an item; `fails` throw always, `twice` throw twice, `poison` ends the process or the thread. */
export const rows = defineTask({
  ...about,
  name: 'rows',
  title: 'Rows',
  input: z.object({
    count: z.number(),
    fails: z.array(z.number()).default([]),
    twice: z.array(z.number()).default([]),
    exits: z.array(z.number()).default([]),
    tolerate: z.literal(true).default(true),
  }),
})
  .step('read', { title: 'Read' }, ({ input }) => ({ count: input.count }))
  .fanOut('write', {
    title: 'Write',
    after: ['read'],
    items: ({ results, cursor }) => numbers(results.read.count, cursor),
    each: (item, { append, attempt, input }) => {
      append('report', csvRow([item]))
      const n = Number(item)
      if (input.fails.includes(n))
        throw new TaskFailure({ code: 'row-bad', title: 'The row is bad', detail: `No ${n}` })
      if (input.twice.includes(n) && attempt < 3) throw new Error('Not yet')
      if (input.exits.includes(n)) process.exit(3)
    },
    retry: { attempts: 3, delay: { seconds: 0.05 } },
    tolerate: { failures: 3 },
    concurrency: 4,
    header: { report: csvRow(['n']) },
    footer: { report: ({ results }) => csvRow([`of ${results.read.count}`]) },
  })
  .step('sum', { title: 'Sum', after: ['write'] }, ({ results, log }) => log(JSON.stringify(results.write)))

/** A first step writes what the file begins with, and the items go on with it; the second list of items goes on with that. */
export const goesOn = defineTask({ ...about, name: 'goes-on', title: 'Goes on', input: z.object({}) })
  .step('begin', { title: 'Begin' }, async ({ artifacts }) => {
    await artifacts.report.write(`begun ${'é'.repeat(200_000)}\n`)
  })
  .fanOut('write', {
    after: ['begin'],
    items: ({ cursor }) => numbers(5, cursor),
    each: (item, { append }) => append('report', `${item}\n`),
    header: { report: 'items\n' },
  })
  .fanOut('more', {
    after: ['write'],
    items: ({ cursor }) => numbers(2, cursor),
    each: (item, { append }) => append('report', `more ${item}\n`),
  })
  .fanOut('none', { after: ['more'], items: () => [], each: () => undefined })

/** Items that wait for as long as they are told, and take note of the signal. */
export const waits = defineTask({
  ...about,
  name: 'waits',
  title: 'Waits',
  input: z.object({ count: z.number(), ms: z.number() }),
  scope: () => 'waits',
}).fanOut('wait', {
  items: ({ input, cursor }) => numbers(input.count, cursor),
  each: async (item, { append, input, signal }) => {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, input.ms)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
    })
    append('report', `${item}\n`)
  },
  concurrency: 2,
})

/** Whose list of items is not what it should be. */
export const badItems = defineTask({
  ...about,
  name: 'bad-items',
  title: 'Bad items',
  input: z.object({ kind: z.enum(['no-key', 'bigint', 'date']).default('no-key') }),
}).fanOut('list', {
  items: ({ input: { kind } }) => [
    kind === 'bigint' ? { key: 'a', n: 1n } : kind === 'date' ? { key: 'b', at: new Date(0) } : { name: 'no key' },
  ],
  each: () => undefined,
  retry: { attempts: 1 },
})

/** What is done once and never again, as a mail is sent. */
export const onceEach = defineTask({
  ...about,
  name: 'once-each',
  title: 'Once each',
  input: z.object({ count: z.number() }),
}).fanOut('send', {
  items: ({ input, cursor }) => numbers(input.count, cursor),
  each: (item, { append }) => append('report', `${item}\n`),
  retry: { attempts: 1, delay: { seconds: 0.05 } },
})

/** Each item has something to say. */
export const chatty = defineTask({
  ...about,
  name: 'chatty',
  title: 'Chatty',
  input: z.object({ count: z.number() }),
}).fanOut('talk', {
  items: ({ input, cursor }) => numbers(input.count, cursor),
  each: (item, { log }) => log(`item ${item}`),
  concurrency: 1,
})
