import { checkCourse, levelsOf } from '../checks/index.ts'
import { readCourse } from '../olx/index.ts'
import type { BaseVersion, Candidate } from './candidate.ts'
import { changesBetween } from './changes.ts'
import { importReportJson, importReportPage } from './import-report.ts'

/** What the check of an import comes to. */
export interface Checked {
  counts: {
    errors: number
    warnings: number
    notes: number
    /** The first error, for a message. */
    first: string | null
  }
  /** For the activity log. */
  line: string
  json: string
  page: string
}

/** Checks the course as it would be, compares it with the course as it is, and writes the report. */
export async function checkCandidate(
  { unpacked, tree, before }: Candidate,
  base: BaseVersion | null,
  { course: key, preview }: { course: string; preview: boolean },
): Promise<Checked> {
  const course = await readCourse(tree)
  const findings = await checkCourse(course, tree)
  const changes =
    base && before
      ? changesBetween(base.version, { tree: before, course: await readCourse(before) }, { tree, course })
      : undefined
  const report = { key, course, findings, unpacked, changes, preview }
  const { ERROR: errors, WARNING: warnings, INFO: notes } = levelsOf(findings)
  const first = findings.find(({ level }) => level === 'ERROR')
  return {
    counts: { errors, warnings, notes, first: first ? `${first.file ?? key}: ${first.message}` : null },
    line: `${errors} errors, ${warnings} warnings and ${notes} notes; the report lists them.`,
    json: importReportJson(report),
    page: importReportPage(report),
  }
}
