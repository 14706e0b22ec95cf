import { once } from 'node:events'
import { defineTask } from '@errand/task'
import { z } from 'zod'

/** A task with items, which are never done: it can be paused, slowed down and canceled whenever a test comes to it. */
export const held = defineTask({ name: 'held', version: 1, title: 'Hold on', input: z.object({}) }).fanOut('hold', {
  title: 'Hold on to each',
  items: () => ['a', 'b', 'c'],
  each: async (_item, { signal }) => {
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  },
})

/** A second version, which is not the current one. */
export const next = defineTask({ name: 'held', version: 2, title: 'Hold on', input: z.object({}) }).step(
  'end',
  { title: 'End' },
  () => null,
)
