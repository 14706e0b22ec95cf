import { defineTask, TaskFailure, upload } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema, kindOfKey } from '../course-key.ts'
import { optionsOf } from '../options.ts'
import { publishVersion } from '../store/course-ref.ts'
import { assemble } from './assemble.ts'
import { readRoot } from './read.ts'
import { receive } from './receive.ts'
import { Unpacker } from './unpack.ts'
import { readUnpacked } from './unpacked.ts'
import { WorkArea } from './work-area.ts'

/** Puts a course or library from an archive into the store, as a new version; the last step makes it the course. */
export const courseImport = defineTask({
  name: 'course.import',
  version: 1,
  title: 'Import a course',
  description:
    'Replaces a course, or a library, by the one in an archive. Until the last step the course stays as it was, and its earlier versions are kept.',
  input: z.object({ course: courseKeySchema }),
  scope: ({ course }) => `course:${course}`,
  unique: ({ course }) => course,
  uploads: {
    archive: upload({ title: 'Course archive', accept: ['.tar.gz', '.tgz', '.zip', '.tar', '.tar.bz2', '.tar.xz'] }),
  },
})
  .step('receive', { title: 'Look at the archive' }, ({ uploads }) => receive(uploads.archive))
  .step('unpack', { title: 'Unpack the archive', after: ['receive'], unit: 'bytes' }, async (context) => {
    const { input, results, uploads, signal } = context
    const unpacker = new Unpacker(new WorkArea(context), optionsOf(context).limits)
    return unpacker.run(uploads.archive, results.receive, kindOfKey(input.course), signal, (packed, members) =>
      context.progress(packed, results.receive.size, `${members} files and folders`),
    )
  })
  .step('read', { title: 'Read the course', after: ['unpack'] }, async (context) => {
    const { store } = new WorkArea(context)
    const { tree } = await readUnpacked(store, context.results.unpack.list)
    const read = await readRoot(tree)
    refuseOtherKind(read.kind, context.input.course)
    return read
  })
  .step('check', { title: 'Check the course', after: ['read', 'unpack'] }, () => ({ findings: 0 }))
  .step('store', { title: 'Store the course', after: ['check', 'unpack'], unit: 'files' }, async (context) => {
    const work = new WorkArea(context)
    const { tree } = await readUnpacked(work.store, context.results.unpack.list)
    return assemble(work.store, [tree], work.temporary(), (done, total) => context.progress(done, total))
  })
  .step('publish', { title: 'Switch to the new version', after: ['store'] }, async (context) => {
    const { input, principal, taskId, results } = context
    const work = new WorkArea(context)
    const { number } = await publishVersion(
      work.store,
      input.course,
      {
        ...results.store,
        at: new Date().toISOString(),
        by: { id: principal.id, name: principal.name },
        task: taskId,
        how: 'import',
      },
      optionsOf(context).keptVersions,
    )
    await work.clear()
    return { version: number, ...results.store }
  })
  .onFailure({ title: 'Clear up' }, (context) => new WorkArea(context).clear())
  .onCancel({ title: 'Clear up' }, (context) => new WorkArea(context).clear())

function refuseOtherKind(found: 'course' | 'library', key: string): void {
  const wanted = kindOfKey(key)
  if (found === wanted) return
  throw new TaskFailure({
    code: 'course-kind-mismatch',
    title: `The archive holds a ${found}, not a ${wanted}`,
    detail: `It has ${found}.xml, but the key "${key}" names a ${wanted}.`,
    hint:
      found === 'library'
        ? 'Import it under a library key such as library-v1:Org+Library.'
        : 'Import it under a course key such as course-v1:Org+Course+Run.',
  })
}
