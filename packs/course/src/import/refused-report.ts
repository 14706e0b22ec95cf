import { CHECKS, type CheckCode, type Finding } from '../checks/index.ts'
import { type ReportInput, reportData } from '../checks/report.ts'
import { reportHtml } from '../checks/report-html.ts'
import type { Refusal } from './work-area.ts'

/** What the field's authors call the failures that a check of a course has a name for. */
const CODES: Readonly<Record<string, CheckCode>> = {
  'course-root-missing': 'CourseXMLDoesNotExist',
  'course-root-unreadable': 'InvalidXML',
}

/** The report for programs of an archive that was refused: as that of any import, with one finding. */
export function refusedReportJson(course: string, refusal: Refusal, preview: boolean): string {
  const data = {
    ...reportData(inputOf(course, refusal)),
    preview,
    changes: null,
    notCompared: null,
    notes: [],
    noteCounts: {},
    refused: refusal,
  }
  return `${JSON.stringify(data, null, 2)}\n`
}

/** The same for people. */
export function refusedReportPage(course: string, refusal: Refusal): string {
  return reportHtml(inputOf(course, refusal))
}

function inputOf(course: string, refusal: Refusal): ReportInput {
  return {
    course,
    summary: `Nothing was imported, and nothing was changed. ${refusal.title}.`,
    findings: [findingOf(refusal)],
  }
}

/** Where the failure names a file and a line, so does the finding. */
function findingOf({ code, detail, hint, title }: Refusal): Finding {
  const known = CODES[code] ?? 'ArchiveRefused'
  const [, file, line] = /^(\S[^:]*?), line (\d+)/.exec(detail) ?? []
  return {
    level: CHECKS[known].level,
    code: known,
    message: `${title}. ${detail}`.trim(),
    ...(file === undefined ? {} : { file, line: Number(line) }),
    hint: hint ?? CHECKS[known].hint,
  }
}
