import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { artifact, defineTask, type MigratedTask, TaskFailure, upload } from '@errand/task'
import { z } from 'zod'

const inputSchema = z.object({
  occasion: z.string().min(1).max(60).describe('What the letters are about'),
  perSecond: z.number().min(1).max(10_000).default(50).describe('Letters a second, for each slice of the list'),
})

/** One letter to write: small, as all of them are kept until the task is over. */
interface Letter {
  /** Of the list, from 1. */
  line: number
  name: string
}

/** A letter to everybody on a list, in one file: steps that build on each other, and one that does much. */
export const letters = defineTask({
  name: 'letters',
  // Version 1 called `occasion` `subject`, and had no step `count`. Tasks keep their version, so those that are under way
  // are finished by workers of version 1. When none is left, this version takes them over between two steps:
  version: 2,
  resumes: [1],
  migrate: fromVersion1,
  title: 'Letters',
  description: 'Writes a letter to each name on a list.',
  input: inputSchema,
  // A file that is handed in; what is too big is refused while it is sent.
  uploads: {
    names: upload({ title: 'Names, one on each line', accept: ['.txt'], maxSize: 500_000 }),
  },
  artifacts: {
    letters: artifact<z.output<typeof inputSchema>>({
      title: 'Letters',
      // Called once when the definition is made, and kept as a template: no code, only fields of the input.
      filename: ({ occasion }) => `${occasion}-letters.txt`,
      mediaType: 'text/plain',
      keep: { days: 90 },
    }),
  },
})
  // What makes the whole task pointless is found first. What a step returns is kept with the task (JSON, at most 1 MiB).
  .step('read', { title: 'Read the list' }, async ({ uploads, log }) => {
    const names: string[] = []
    for await (const line of createInterface({ input: uploads.names.readable() })) {
      if (line.trim() !== '') names.push(line.trim())
    }
    if (names.length === 0) {
      throw new TaskFailure({
        code: 'no-names',
        title: 'There is nobody on the list',
        detail: `${uploads.names.filename} has no line with a name on it.`,
        hint: 'Write one name on each line.',
      })
    }
    log(`${names.length} names are on the list.`)
    return { names }
  })
  // Each name is an item. Items are worked on in slices, on all machines that have this pack; thousands are no row each
  // in any queue, and what was killed half-way goes on where it stood.
  .fanOut('write', {
    title: 'Write the letters',
    // Steps without `after` run side by side; `results` has what the steps named here returned, with their types.
    after: ['read'],
    unit: 'letters',
    // Listed once. When the machine that lists is lost, it is called again with the last key as the cursor.
    items: ({ results, cursor }) => lettersAfter(results.read.names, cursor),
    key: ({ line }: Letter) => String(line),
    // For each item. It may run a second time after a crash, so what it does outside must bear that; what it appends is
    // in the file once, in the order of the list.
    each: async ({ name }, { input, append, signal }) => {
      if (name.length > 60) {
        throw new TaskFailure({
          code: 'name-too-long',
          title: 'The name does not fit on the letter',
          detail: `It has ${name.length} characters; 60 fit.`,
          hint: 'Shorten it in the list, and start the task with the new list.',
        })
      }
      // As polite as a mail service wants it. The signal ends the wait when the task is canceled: pass it on always.
      await delay(1_000 / input.perSecond, undefined, { signal })
      append('letters', `Dear ${name},\nyou are invited: ${input.occasion}.\n\n`)
    },
    // The others get their letters when one in ten cannot. Those that failed are listed in errors.csv.
    tolerate: { failures: 0.1 },
    retry: { attempts: 3 },
    concurrency: 4,
  })
  .step('count', { title: 'Count the letters', after: ['write'] }, ({ results, log }) => {
    log(`${results.write.completed} of ${results.write.total} letters are written.`)
    return { written: results.write.completed }
  })

function* lettersAfter(names: readonly string[], cursor: string | undefined): Generator<Letter> {
  const done = cursor === undefined ? 0 : Number(cursor)
  for (const [index, name] of names.slice(done).entries()) yield { line: done + index + 1, name }
}

/** What version 1 has left, as this version takes it. It may be called more than once, and must only compute. */
function fromVersion1({ subject, ...rest }: Readonly<Record<string, unknown>>): MigratedTask {
  return { input: { ...rest, occasion: subject } }
}
