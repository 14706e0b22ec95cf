import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema, kindOfKey } from '../course-key.ts'
import { coursesOf } from '../import/work-area.ts'
import { currentVersion, readRef, unknownCourse } from '../store/course-ref.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'
import { packTree } from './pack-tree.ts'
import { prepare } from './prepare.ts'

/** Writes a course or library as an archive that can be imported here and elsewhere. */
export const courseExport = defineTask({
  name: 'course.export',
  version: 1,
  title: 'Export a course',
  description: 'Writes a course, or a library, as a .tar.gz archive that can be imported again.',
  input: z.object({ course: courseKeySchema }),
  scope: ({ course }) => `course:${course}`,
  artifacts: {
    archive: artifact<{ course: string }>({
      title: 'Course archive',
      filename: ({ course }) => archiveName(course),
      mediaType: 'application/gzip',
      visibility: 'team',
    }),
  },
})
  .step('snapshot', { title: 'Choose the version' }, async (context) => {
    const { course } = context.input
    const ref = await readRef(coursesOf(context), course)
    if (!ref) throw unknownCourse(course)
    const { number, structure, files, bytes } = currentVersion(ref)
    return { version: number, structure, files, bytes }
  })
  .step('write', { title: 'Gather the files', after: ['snapshot'], unit: 'files' }, async (context) => {
    const store = coursesOf(context)
    const tree = StoredTree.of(store, await readStructure(store, context.results.snapshot.structure))
    return prepare(store, tree, (done, total) => context.progress(done, total))
  })
  .step('package', { title: 'Pack the archive', after: ['snapshot', 'write'], unit: 'bytes' }, async (context) => {
    const { input, results, artifacts } = context
    const store = coursesOf(context)
    const tree = StoredTree.of(store, await readStructure(store, results.snapshot.structure))
    const left = new Set(results.write.missing)
    const files = tree.paths.filter((path) => !left.has(path)).map((path) => ({ path }))
    const archive = packTree(store, tree, files, kindOfKey(input.course), (done) =>
      context.progress(done, results.snapshot.bytes),
    )
    const { filename, size, sha256 } = await artifacts.archive.write(archive)
    return { filename, size, sha256, files: files.length }
  })

/** Names every file system takes: what else a key may hold becomes `_`. */
function archiveName(course: string): string {
  return `${course.replaceAll(/[^\p{L}\p{N}._+~-]/gu, '_')}.tar.gz`
}
