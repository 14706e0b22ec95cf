import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { artifact, definePack, defineTask, TaskFailure, upload } from '@errand/task'
import { z } from 'zod'

const hello = defineTask({
  name: 'hello',
  version: 1,
  title: 'Say hello',
  input: z.object({ who: z.string().default('World') }),
  artifacts: { card: artifact({ filename: 'card.txt', mediaType: 'text/plain' }) },
})
  .step('greet', { title: 'Greet' }, ({ input }) => ({ greeting: `Hello ${input.who}` }))
  .step('write', { title: 'Write', after: ['greet'] }, async ({ results, artifacts, stores, log }) => {
    const before = await stores.cards?.get('last')
    if (before !== undefined) log(`the last was ${Buffer.from(before)}`)
    await stores.cards?.put('last', results.greet.greeting)
    await artifacts.card.write(results.greet.greeting)
  })

const count = defineTask({
  name: 'count',
  version: 1,
  title: 'Count lines',
  input: z.object({}),
  uploads: { lines: upload() },
  artifacts: { count: artifact({ filename: 'count.json' }) },
}).step('count', { title: 'Count' }, async ({ uploads, artifacts }) => {
  const lines = (await text(uploads.lines.readable())).split('\n').filter((line) => line !== '').length
  if (lines === 0) throw new TaskFailure({ code: 'no-lines', title: 'The file is empty' })
  await artifacts.count.write(JSON.stringify({ lines, file: uploads.lines.filename }))
})

const breaks = defineTask({ name: 'breaks', version: 1, title: 'Break', input: z.object({}) }).step(
  'break',
  { title: 'Break', retry: { attempts: 1 } },
  () => {
    throw new RangeError('the wheel came off')
  },
)

const waits = defineTask({ name: 'waits', version: 1, title: 'Wait', input: z.object({}) }).step(
  'wait',
  { title: 'Wait' },
  async ({ log, signal }) => {
    log('waiting')
    await once(signal, 'abort')
  },
)

export default definePack({
  name: 'greetings',
  definitions: [hello, count, breaks, waits],
  stores: () => ({ cards: undefined }),
})
