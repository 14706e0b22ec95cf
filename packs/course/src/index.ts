/**
 * Import and export of courses and libraries, and the store that keeps their versions.
 *
 * @packageDocumentation
 */
import { definePack } from '@errand/task'
import { courseExport } from './export/course-export.ts'
import { courseImport } from './import/course-import.ts'
import { courseOptionsSchema } from './options.ts'
import { courseRevert } from './versions/course-revert.ts'
import { courseSweep } from './versions/course-sweep.ts'
import { courseVersions } from './versions/course-versions.ts'

export { courseExport } from './export/course-export.ts'
export { courseImport } from './import/course-import.ts'
export {
  type ArchiveLimits,
  type CourseOptions,
  courseOptionsSchema,
  DEFAULT_KEPT_VERSIONS,
  DEFAULT_LIMITS,
  DEFAULT_SWEEP_AFTER_DAYS,
} from './options.ts'
export type { CourseTree } from './tree.ts'
export { courseRevert } from './versions/course-revert.ts'
export { courseSweep } from './versions/course-sweep.ts'
export { courseVersions } from './versions/course-versions.ts'

export default definePack({
  name: '@errand/course',
  options: courseOptionsSchema,
  stores: ({ store }) => ({ courses: store }),
  definitions: [courseImport, courseExport, courseVersions, courseRevert, courseSweep],
})
