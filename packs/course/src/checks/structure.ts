import type { Course } from '../olx/index.ts'
import type { Findings } from './finding.ts'

/** Steps 1 to 3: what the reader found on its way through the files. */
export function checkStructure(course: Course, findings: Findings): void {
  for (const { code, file, line, message } of course.problems) findings.add(code, file, line, message)
  for (const [code, more] of course.moreProblems) findings.addMore(code, more)
  for (const path of course.unreached) {
    findings.add('UnreachedFile', path, undefined, `Nothing in the course leads to ${path}.`)
  }
}
