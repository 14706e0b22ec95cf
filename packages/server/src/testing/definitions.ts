import { artifact, defineTask, upload } from '@errand/task'
import { z } from 'zod'

/** Definitions for the tests. No worker runs their code: the tests play the worker. */

export const echo = defineTask({
  name: 'test.echo',
  version: 1,
  title: 'Echo',
  input: z.object({ text: z.string(), times: z.number().int().min(1).default(1) }),
  scope: ({ text }) => `text:${text}`,
  artifacts: { out: artifact({ title: 'Output' }) },
}).step('say', { title: 'Say it', unit: 'words', retry: { attempts: 1 } }, () => null)

export const single = defineTask({
  name: 'test.single',
  version: 1,
  title: 'One at a time',
  input: z.object({ course: z.string() }),
  unique: ({ course }) => course,
}).step('work', {}, () => null)

export const joint = defineTask({
  name: 'test.joint',
  version: 1,
  title: 'All together',
  input: z.object({ course: z.string() }),
  unique: { key: ({ course }) => course, conflict: 'join' },
}).step('work', {}, () => null)

export const reader = defineTask({
  name: 'test.reader',
  version: 1,
  title: 'Read a file',
  input: z.object({}),
  uploads: { archive: upload({ title: 'Archive' }) },
}).step('read', {}, () => null)

export const keeper = defineTask({
  name: 'test.keeper',
  version: 1,
  title: 'Keep files',
  input: z.object({ text: z.string() }),
  scope: ({ text }) => `text:${text}`,
  artifacts: { out: artifact({ keep: 'forever' }), once: artifact({ keep: { once: true } }) },
}).step('write', { retry: { attempts: 1 } }, () => null)

export const definitions = [echo, single, joint, reader, keeper]
