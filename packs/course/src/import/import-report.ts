import type { Finding } from '../checks/index.ts'
import { countsOf, missingOf, type ReportInput, type ReportSection, reportData } from '../checks/report.ts'
import { reportHtml } from '../checks/report-html.ts'
import { PATH_LIMIT, shortened } from '../checks/shortened.ts'
import type { Course } from '../olx/index.ts'
import type { Changes } from './changes.ts'
import type { ImportNote, NoteKind } from './notes.ts'
import type { Unpacked } from './unpacked.ts'

/** What an import found, before it is written for programs and for people. */
export interface ImportReport {
  /** The key it is imported under. */
  key: string
  course: Course
  findings: readonly Finding[]
  unpacked: Unpacked
  /** Absent when the course is new, or what it was cannot be read. */
  changes: Changes | undefined
  /** The version that it could not be compared with, as the storage has lost some of it. */
  notCompared: number | null
  preview: boolean
}

/** Lines of a list on the page; the JSON has all that was kept. */
const PAGE_LINES = 200

/** The report for programs. */
export function importReportJson(report: ImportReport): string {
  const { unpacked, changes, notCompared, preview } = report
  const data = {
    ...reportData(inputOf(report)),
    preview,
    changes: changes ?? null,
    notCompared,
    notes: unpacked.notes.map(shortNote),
    noteCounts: unpacked.noteCounts,
    refused: null,
  }
  return `${JSON.stringify(data, null, 2)}\n`
}

/** The report for people. */
export function importReportPage(report: ImportReport): string {
  return reportHtml({ ...inputOf(report), sections: sectionsOf(report) })
}

function inputOf(report: ImportReport): ReportInput {
  const { key, course, findings, unpacked } = report
  return {
    course: key,
    ...(course.displayName === undefined ? {} : { displayName: course.displayName }),
    summary: summaryOf(report),
    findings,
    dropped: itemsOf(unpacked.notes, ['outside', 'link', 'dropped']),
    renamed: course.renamed,
    missing: missingOf(findings),
    junk: unpacked.notes.filter(({ kind }) => kind === 'junk').map(({ path }) => path),
    counts: { files: unpacked.files.length, ...countsOf(course) },
  }
}

/** A sentence on the version that could not be compared with, if there is one. */
export function notComparedWith(version: number | null): string {
  return version === null
    ? ''
    : ` It could not be compared with version ${version}, which the storage has lost in part.`
}

function shortNote({ kind, path, message }: ImportNote): ImportNote {
  return { kind, path: shortened(path, PATH_LIMIT), message: shortened(message) }
}

function summaryOf({ course, changes, notCompared, preview }: ImportReport): string {
  const own = [course.org, course.course, course.run].filter((part) => part !== undefined).join('/')
  const named = own === '' ? '' : ` The archive calls it ${shortened(own)}.`
  const what = preview
    ? 'A preview: nothing was changed.'
    : 'What the import found, before it switched to the new version.'
  if (notCompared !== null) return `${what}${notComparedWith(notCompared)}${named}`
  if (!changes) return `${what} It is new here.${named}`
  const { added, changed, removed } = changes.files.counts
  const same = added + changed + removed === 0
  const lost = changes.identities.count
  return `${what} Compared with version ${changes.from}, ${
    same ? 'all files are the same' : `${added} files are new, ${changed} differ and ${removed} are gone`
  }.${lost === 0 ? '' : ` ${lost} identities that learners' work hangs on change.`}${named}`
}

function sectionsOf({ changes, unpacked }: ImportReport): ReportSection[] {
  const sections: ReportSection[] = []
  const add = (title: string, items: ReportSection['items'], count = items.length): void => {
    if (count === 0) return
    const more = count - Math.min(items.length, PAGE_LINES)
    const shown = items.slice(0, PAGE_LINES)
    if (more > 0) shown.push({ what: '…', why: `and ${more} more` })
    sections.push({ title, items: shown })
  }
  if (changes) {
    add(
      'Identities that change for learners',
      changes.identities.listed.map(({ kind, type, displayName, from, to }) => ({
        what: `${type} ${from}`,
        why: `${displayName ?? ''} ${kind === 'discussion_id' ? 'loses its posts' : 'loses answers and grades'}: ${to === undefined ? 'it is gone' : `it becomes ${to}`}`.trim(),
      })),
      changes.identities.count,
    )
    const plain = (list: readonly string[]) => list.map((what) => ({ what, why: '' }))
    for (const [name, { added, changed, removed, counts }] of [
      ['Blocks', changes.blocks],
      ['Files', changes.files],
    ] as const) {
      add(`${name} that go`, plain(removed), counts.removed)
      add(`${name} that change`, plain(changed), counts.changed)
      add(`${name} that are new`, plain(added), counts.added)
    }
  }
  add('The archive', itemsOf(unpacked.notes, ['root', 'duplicate', 'name-collision', 'name-encoding']))
  return sections
}

function itemsOf(notes: readonly ImportNote[], kinds: readonly NoteKind[]): { what: string; why: string }[] {
  return notes.filter(({ kind }) => kinds.includes(kind)).map(({ path, message }) => ({ what: path, why: message }))
}
