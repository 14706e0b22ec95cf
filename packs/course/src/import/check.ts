import { checkCourse, levelsOf } from '../checks/index.ts'
import { readCourse } from '../olx/index.ts'
import type { StoredTree } from '../store/stored-tree.ts'
import { type BaseVersion, type Candidate, type ImportMode, unlessDamaged } from './candidate.ts'
import { changesBetween } from './changes.ts'
import { importReportJson, importReportPage, notComparedWith } from './import-report.ts'

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
  { course: key, mode, preview }: { course: string; mode: ImportMode; preview: boolean },
): Promise<Checked> {
  const course = await readCourse(tree)
  const findings = await checkCourse(course, tree)
  const readBefore = async (old: StoredTree) => ({ tree: old, course: await readCourse(old) })
  const old = before && (await (mode === 'replace' ? unlessDamaged(() => readBefore(before)) : readBefore(before)))
  const changes = base && old ? changesBetween(base.version, old, { tree, course }) : undefined
  // What is new here has no version before.
  const notCompared = base && !old ? base.version : null
  const report = { key, course, findings, unpacked, changes, notCompared, preview }
  const { ERROR: errors, WARNING: warnings, INFO: notes } = levelsOf(findings)
  const first = findings.find(({ level }) => level === 'ERROR')
  return {
    counts: { errors, warnings, notes, first: first ? `${first.file ?? key}: ${first.message}` : null },
    line: `${errors} errors, ${warnings} warnings and ${notes} notes; the report lists them.${notComparedWith(notCompared)}`,
    json: importReportJson(report),
    page: importReportPage(report),
  }
}
