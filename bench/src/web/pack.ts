import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'

const course = z.object({ course: z.string() })
type Input = z.output<typeof course>
const scope = ({ course }: Input) => `course:${course}`

/** What the million tasks are, and one that runs until it is canceled. */
export const report = defineTask({
  name: 'web.report',
  version: 1,
  title: 'Grade report',
  input: course,
  scope,
  artifacts: { rows: artifact({ visibility: 'team' }) },
}).step('write', { title: 'Write it' }, () => null)

export const copy = defineTask({
  name: 'web.copy',
  version: 1,
  title: 'Copy of a course',
  input: course,
  scope,
}).step('copy', { title: 'Copy it' }, () => null)

export const waits = defineTask({
  name: 'web.waits',
  version: 1,
  title: 'Wait',
  input: course,
  scope,
}).step('wait', { title: 'Wait' }, ({ signal }) => {
  if (signal.aborted) return
  return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
})
