import { defineTask } from '@errand/task'
import { z } from 'zod'
import { now } from './system.ts'

/** A task of one step that does nothing; its result is how long it took to get here. */
export const nothing = defineTask({
  name: 'nothing',
  version: 1,
  title: 'Nothing',
  input: z.object({ at: z.number(), paced: z.boolean() }),
}).step('only', {}, ({ input }) => ({ latency: now() - input.at }))
