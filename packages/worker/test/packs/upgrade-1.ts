import { defineTask } from '@errand/task'
import { z } from 'zod'

/** The version before: two steps, the second of which may wait to be stopped. */
export const order = defineTask({
  name: 'order',
  version: 1,
  title: 'Order',
  input: z.object({ course_id: z.string(), wait: z.boolean().default(false) }),
})
  .step('read', {}, ({ input }) => ({ read: input.course_id }))
  .step('write', { after: ['read'] }, async ({ input, log, signal, results, once }) => {
    await once('charge', () => 'charged by v1')
    log('writing')
    if (input.wait) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      signal.throwIfAborted()
    }
    return `v1 wrote ${results.read.read}`
  })
