import { defineTask, TaskFailure } from '@errand/task'
import { z } from 'zod'
import { courseKeySchema } from '../course-key.ts'
import { prepare } from '../export/prepare.ts'
import { coursesOf } from '../import/work-area.ts'
import { optionsOf } from '../options.ts'
import { keptVersion, readRef, unknownCourse } from '../store/course-ref.ts'
import { publishVersion } from '../store/publish-version.ts'
import { StoredTree } from '../store/stored-tree.ts'
import { readStructure } from '../store/structure.ts'

/** Files listed in a message: enough to see what is missing. */
const LISTED = 5

/** Makes a kept version of a course the current one again, as a new version, so that this too can be undone. */
export const courseRevert = defineTask({
  name: 'course.revert',
  version: 1,
  title: 'Go back to a version of a course',
  description: 'Makes an earlier version of a course or library the current one. The version left behind is kept.',
  input: z.object({
    course: courseKeySchema,
    version: z.int().min(1).describe('The number of the version, as course.versions lists it'),
  }),
  scope: ({ course }) => `course:${course}`,
  // A course's content leaves and changes by those who are responsible for it.
  access: { start: 'staff' },
  unique: ({ course }) => course,
})
  .step('choose', { title: 'Check the version' }, async (context) => {
    const { course, version } = context.input
    const store = coursesOf(context)
    const ref = await readRef(store, course)
    if (!ref) throw unknownCourse(course)
    const { structure, files, bytes } = keptVersion(ref, version)
    const tree = StoredTree.of(store, await readStructure(store, structure))
    const { missing } = await prepare(store, tree, (done, total) => context.progress(done, total))
    if (missing.length > 0) {
      throw new TaskFailure({
        code: 'course-version-damaged',
        title: 'This version of the course is not whole any more',
        detail: `The storage has lost ${missing.length} of its files: ${missing.slice(0, LISTED).join(', ')}${missing.length > LISTED ? ' and more' : ''}.`,
        hint: 'Ask the operator to restore the course storage from a backup, or choose another version.',
      })
    }
    return { structure, files, bytes }
  })
  .step('publish', { title: 'Switch to the version', after: ['choose'] }, async (context) => {
    const { input, principal, results, taskId } = context
    const { number } = await publishVersion(
      coursesOf(context),
      input.course,
      {
        ...results.choose,
        at: new Date().toISOString(),
        by: { id: principal.id, name: principal.name },
        task: taskId,
        how: `revert to ${input.version}`,
      },
      { kept: optionsOf(context).keptVersions, of: input.version },
      (message) => context.log(message),
    )
    context.log(`Version ${input.version} is the course again, as version ${number}.`)
    return { version: number }
  })
