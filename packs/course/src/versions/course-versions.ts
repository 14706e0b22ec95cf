import { artifact, defineTask } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema } from '../course-key.ts'
import { coursesOf } from '../import/work-area.ts'
import { readRef, unknownCourse } from '../store/course-ref.ts'

/** Lists the kept versions of a course: number, who, when, how, and how big. */
export const courseVersions = defineTask({
  name: 'course.versions',
  version: 1,
  title: 'List the versions of a course',
  description: 'Tells which versions of a course or library are kept, who made each, when and how.',
  input: z.object({ course: courseKeySchema }),
  scope: ({ course }) => `course:${course}`,
  access: { start: 'team' },
  artifacts: {
    versions: artifact({
      title: 'Versions',
      filename: 'versions.json',
      mediaType: 'application/json',
      visibility: 'team',
    }),
  },
}).step('list', { title: 'List the versions' }, async (context) => {
  const { course } = context.input
  const ref = await readRef(coursesOf(context), course)
  if (!ref) throw unknownCourse(course)
  const versions = ref.versions.toReversed().map(({ number, at, by, how, files, bytes, structure, task }) => ({
    version: number,
    current: number === ref.current,
    at,
    by: by.name,
    // Names change, and two people may have one.
    byId: by.id,
    task,
    how,
    files,
    bytes,
    structure,
  }))
  for (const { version, current, at, by, how, files } of versions) {
    context.log(`Version ${version}${current ? ' (current)' : ''}: ${how} by ${by} at ${at}, ${files} files`)
  }
  await context.artifacts.versions.write(`${JSON.stringify({ course, versions }, null, 2)}\n`)
  return { current: ref.current, versions: versions.length }
})
