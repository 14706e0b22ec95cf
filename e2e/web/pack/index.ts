import { existsSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { csvRow, defineTask, TaskFailure, upload } from '@errand/task'
import { z } from 'zod'

/** Tasks that show what pages must show: waiting, failing, one download alone, many items, two versions. */

/** Resolves once there is a file at the path. */
async function untilThere(path: string, signal: AbortSignal): Promise<void> {
  if (existsSync(path)) return
  const watcher = watch(dirname(path))
  try {
    await new Promise<void>((resolve, reject) => {
      const look = () => existsSync(path) && resolve()
      watcher.on('change', look)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      look()
    })
  } finally {
    watcher.close()
  }
}

export const waits = defineTask({
  name: 'waits',
  version: 1,
  title: 'Wait for a file',
  input: z.object({ path: z.string().describe('Of the file') }),
})
  .step('begin', { title: 'Begin' }, () => null)
  .step('wait', { title: 'Wait', after: ['begin'] }, async ({ input, progress, signal }) => {
    progress(1, 2, 'Looking at the folder')
    await untilThere(input.path, signal)
  })

/** Fails until there is a file: what is mended can be tried again. */
export const refuses = defineTask({
  name: 'refuses',
  version: 1,
  title: 'Check a folder',
  input: z.object({ path: z.string().describe('Of the file that must be there') }),
}).step('look', { title: 'Look into it' }, ({ input }) => {
  if (existsSync(input.path)) return
  throw new TaskFailure({
    code: 'not-there',
    title: 'The file is not there',
    detail: input.path,
    hint: 'Put it there.',
  })
})

const once = z.object({ name: z.string().describe('Of whoever it is for') })

export const secret = defineTask({
  name: 'secret',
  version: 1,
  title: 'Make a key',
  input: once,
  artifacts: {
    key: { title: 'Key', filename: ({ name }) => `${name}.key`, mediaType: 'text/plain', keep: { once: true } },
  },
}).step('make', { title: 'Make it' }, ({ artifacts, input }) => artifacts.key.write(`key of ${input.name}\n`))

/** Items of which some fail until there is a file; worked on only while there is another. */
export const letters = defineTask({
  name: 'letters',
  version: 1,
  title: 'Write to everyone',
  input: z.object({
    course: z.string().describe('The key of the course'),
    people: z.int().min(1).max(10_000).default(40).describe('How many'),
    gate: z.string().describe('A file that lets them go'),
    mended: z.string().describe('A file with which none fails'),
  }),
  scope: ({ course }) => `course:${course}`,
  artifacts: {
    list: { title: 'Who was written to', filename: 'letters.csv', mediaType: 'text/csv', visibility: 'team' },
  },
}).fanOut('write', {
  title: 'Write each letter',
  unit: 'letters',
  items: ({ input }) => Array.from({ length: input.people }, (_, index) => `person-${String(index).padStart(5, '0')}`),
  each: async (person, { append, input, signal }) => {
    if (person.endsWith('20')) await untilThere(input.gate, signal)
    if (person.endsWith('7') && !existsSync(input.mended)) {
      throw new TaskFailure({
        code: 'no-address',
        title: 'There is no address',
        detail: `Of ${person}.`,
        hint: 'Add one.',
      })
    }
    append('list', csvRow([person, 'written']))
  },
  tolerate: { failures: 0.5 },
})

const greeting = { name: 'greet', title: 'Greet', input: z.object({}) } as const

export const greet = defineTask({ ...greeting, version: 1 }).step('say', { title: 'Say hello' }, () => 'Hello')
export const greetAgain = defineTask({ ...greeting, version: 2 }).step(
  'say',
  { title: 'Say good day' },
  () => 'Good day',
)

/** Takes a file, and none that is large. */
export const keeps = defineTask({
  name: 'keeps',
  version: 1,
  title: 'Keep a note',
  input: z.object({}),
  uploads: { note: upload({ title: 'Note', maxSize: 10 }) },
}).step('read', { title: 'Read it' }, async ({ uploads }) => ({ bytes: uploads.note.size }))
