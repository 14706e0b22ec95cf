import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'

/** The long work of this platform: a certificate for a learner, as a file that is kept for a year. */
export const certificate = defineTask({
  name: 'certificate',
  version: 1,
  title: 'Certificate',
  input: z.object({ course: z.string(), learner: z.string() }),
  scope: ({ course }) => `course:${course}`,
  artifacts: {
    certificate: artifact({ filename: 'certificate.txt', mediaType: 'text/plain', keep: { days: 365 } }),
  },
}).step('write', { title: 'Write the certificate' }, async ({ artifacts, input }) => {
  await artifacts.certificate.write(`${input.learner} has completed ${input.course}.\n`)
})
