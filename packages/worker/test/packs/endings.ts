import { once } from 'node:events'
import { artifact, defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'

/** Tasks that do not end the straight way: by an alternative path, with clean-up, by a cancel. */

const soon = { attempts: 2, delay: { seconds: 0.01 } } as const
const nobody = () => new TaskFailure({ code: 'nobody-home', title: 'Nobody is home', retryable: true })

export const detour = defineTask({ name: 'detour', version: 1, title: 'Detour', input: z.object({}) })
  .step(
    'ask',
    {
      retry: soon,
      otherwise: (failure, { log, attempt }) => {
        log(`otherwise after ${failure.code}, attempt ${attempt}`)
        return 'from the cache'
      },
    },
    ({ attempt, log }): string => {
      log(`attempt ${attempt}`)
      throw nobody()
    },
  )
  .step('use', { after: ['ask'] }, ({ log, results }) => log(`got ${results.ask}`))

export const noWay = defineTask({ name: 'no-way', version: 1, title: 'No way', input: z.object({}) }).step(
  'ask',
  {
    retry: { attempts: 1 },
    otherwise: () => {
      throw new TaskFailure({ code: 'cache-empty', title: 'The cache is empty' })
    },
  },
  () => {
    throw nobody()
  },
)

/** Fails, or waits to be canceled, and tidies up after either. */
export const tidies = defineTask({
  name: 'tidies',
  version: 1,
  title: 'Tidies',
  input: z.object({ fails: z.boolean(), cleanupFails: z.boolean().default(false) }),
  artifacts: { draft: artifact({ filename: 'draft.txt' }) },
})
  .step('make', {}, () => ({ place: 'A7' }))
  .step('work', { after: ['make'], retry: { attempts: 1 } }, async ({ artifacts, input, log, signal }) => {
    await artifacts.draft.write('half of it')
    if (input.fails) throw nobody()
    log('running')
    await once(signal, 'abort')
    throw signal.reason
  })
  .onFailure({ retry: { attempts: 1 } }, ({ input, log, results }) => {
    log(`undone at ${results.make?.place} after a failure`)
    if (input.cleanupFails) throw new Error('cannot tidy up')
  })
  .onCancel({ retry: { attempts: 1 } }, ({ log, results, signal }) => {
    log(`undone at ${results.make?.place} after a cancel, signal ${signal.aborted}`)
  })
