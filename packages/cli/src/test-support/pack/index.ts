import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** Tasks for the command's own tests: one that makes a file, one that fails, one that waits, one with many items. */

export const copy = defineTask({
  name: 'copy',
  version: 1,
  title: 'Copy a file',
  input: z.object({ name: z.string().describe('What to call it'), times: z.int().min(1).default(1) }),
  scope: ({ name }) => `file:${name}`,
  uploads: { file: { title: 'The file', maxSize: 10_000_000 } },
  artifacts: { copy: { filename: ({ name }) => name, mediaType: 'text/plain' } },
})
  .step('count', { title: 'Count the bytes' }, ({ uploads }) => ({ size: uploads.file.size }))
  .step('write', { title: 'Write the copy', after: ['count'], unit: 'copies' }, async (context) => {
    const { input, uploads, artifacts } = context
    async function* content() {
      for (let time = 1; time <= input.times; time += 1) {
        yield* uploads.file.readable()
        context.progress(time, input.times)
      }
    }
    await artifacts.copy.write(content())
    context.log(`Copied ${input.times} times`)
  })

export const refuse = defineTask({
  name: 'refuse',
  version: 1,
  title: 'Fail in a way that can be understood',
  input: z.object({}),
}).step('look', { title: 'Look at it' }, () => {
  throw new TaskFailure({ code: 'not-good', title: 'It is not good', detail: 'Line 7.', hint: 'Make it better.' })
})

export const untilFile = defineTask({
  name: 'until-file',
  version: 1,
  title: 'Wait for a file',
  input: z.object({ path: z.string() }),
})
  .step('begin', { title: 'Begin' }, () => null)
  .step('wait', { title: 'Wait', after: ['begin'] }, async ({ input, signal, progress }) => {
    progress(1, 2, 'waiting')
    const watcher = watch(dirname(input.path))
    await new Promise<void>((resolve, reject) => {
      const look = () => existsSync(input.path) && resolve()
      watcher.on('change', look)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      look()
    }).finally(() => watcher.close())
  })

export const rows = defineTask({
  name: 'rows',
  version: 1,
  title: 'A row for each',
  input: z.object({ items: z.int(), mended: z.string().describe('The file with which the odd ones work') }),
  artifacts: { rows: { filename: 'rows.txt', mediaType: 'text/plain' } },
}).fanOut('write', {
  title: 'Write the rows',
  items: ({ input }) => Array.from({ length: input.items }, (_, n) => String(n)),
  each: (item, { append, input }) => {
    if (Number(item) % 2 === 1 && !existsSync(input.mended)) {
      throw new TaskFailure({ code: 'odd', title: 'It is odd' })
    }
    append('rows', `row ${item}\n`)
  },
  tolerate: { failures: 0.5 },
})
