import { artifact, defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** The smallest whole task: it takes a name and makes a card to download. */
export const hello = defineTask({
  // Name and version are what tasks are started by. What is registered under one version never changes: another field,
  // step or output is version 2. The code inside a step may change at any time.
  name: 'hello',
  version: 1,
  title: 'Say hello',
  description: 'Writes a card with a greeting.',

  // Checked before the task exists. The form in the web and the flags of the command are made of it, so describe the
  // fields as you would to whoever fills them in.
  input: z.object({
    who: z.string().min(1).max(100).describe('Whom to greet'),
  }),

  // What the task hands out. A file has a name, a media type, and a time for which it is kept.
  artifacts: {
    card: artifact({ title: 'Card', filename: 'card.txt', mediaType: 'text/plain', keep: { days: 30 } }),
  },
})
  // A step runs in a thread, on any machine that has this pack. If that machine dies it runs again elsewhere; once it
  // has completed it never runs again.
  .step('write', { title: 'Write the card' }, async ({ input, artifacts, log }) => {
    // A TaskFailure is shown to the user as you write it: what is wrong, and what to do. It is not tried again. Any
    // other error is tried again (three times by default), and then shown as "unexpected", with a reference to quote.
    if (/[<>]/.test(input.who)) {
      throw new TaskFailure({
        code: 'name-with-markup',
        title: 'This does not look like a name',
        detail: `"${input.who}" has angle brackets in it.`,
        hint: 'Write the name alone.',
      })
    }
    // The file is seen by its owner when the step has completed, and not before.
    await artifacts.card.write(`Hello ${input.who}!\n`)
    // What its user reads beside the steps.
    log('The card is written.')
  })
