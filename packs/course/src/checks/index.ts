/**
 * The checks of a course: what is wrong with it, where, and what to do. They report; they never stop or change anything.
 *
 * @packageDocumentation
 */
export { type Checked, checkCourse, checkTree } from './check-course.ts'
export { FINDING_LIMIT, type Finding, levelsOf } from './finding.ts'
export { CHECKS, type Check, type CheckCode, type Level } from './registry.ts'
export {
  countsOf,
  missingOf,
  RENAMED_LIMIT,
  type ReportData,
  type ReportInput,
  type ReportItem,
  reportData,
  reportJson,
} from './report.ts'
export { reportHtml } from './report-html.ts'
