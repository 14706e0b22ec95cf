import type { Course } from '../olx/index.ts'
import { type Finding, levelsOf } from './finding.ts'
import type { Level } from './registry.ts'
import { PATH_LIMIT, shortened } from './shortened.ts'

/** Something that was not taken over as it came, and why. */
export interface ReportItem {
  /** A file, or another thing by its name. */
  readonly what: string
  readonly why: string
}

/** Something else to tell, under a heading of its own. */
export interface ReportSection {
  readonly title: string
  readonly items: readonly ReportItem[]
}

/** Renamed blocks that are listed; of more only the number is told. */
export const RENAMED_LIMIT = 1_000

/** What a report is made of. */
export interface ReportInput {
  /** The key of the course or library. */
  readonly course: string
  readonly displayName?: string
  /** What happened, in a sentence. */
  readonly summary: string
  readonly findings: readonly Finding[]
  /** What is not part of the course any more. */
  readonly dropped?: readonly ReportItem[]
  /** Blocks that go by another name than in their file. */
  readonly renamed?: readonly {
    readonly type: string
    readonly from: string
    readonly to: string
    readonly file: string
    readonly line: number
  }[]
  /** What something refers to and is not there. */
  readonly missing?: readonly ReportItem[]
  /** Files that no course needs, as operating systems leave them. */
  readonly junk?: readonly string[]
  /** What else there is to tell, before the findings: what an import changes, say. */
  readonly sections?: readonly ReportSection[]
  /** How much of what there is: `blocks`, `problems`, `files`. */
  readonly counts?: Readonly<Record<string, number>>
}

/** A report as data: what {@link reportJson} writes. */
export interface ReportData extends Required<Omit<ReportInput, 'displayName'>> {
  readonly displayName: string | null
  /** So that readers can tell later forms apart. */
  readonly format: 1
  readonly levels: Readonly<Record<Level, number>>
  /** Of `renamed`, those that are not listed included. */
  readonly renamedCount: number
}

/** The data of a report: every list is there, an empty one where nothing was said; what comes from a course is cut where it is long. */
export function reportData(input: ReportInput): ReportData {
  const renamed = input.renamed ?? []
  return {
    format: 1,
    course: input.course,
    displayName: input.displayName === undefined ? null : shortened(input.displayName),
    summary: input.summary,
    levels: levelsOf(input.findings),
    counts: input.counts ?? {},
    sections: (input.sections ?? []).map(({ title, items }) => ({ title, items: items.map(shortItem) })),
    findings: input.findings,
    dropped: (input.dropped ?? []).map(shortItem),
    renamed: renamed.slice(0, RENAMED_LIMIT).map(({ type, from, to, file, line }) => ({
      type: shortened(type),
      from: shortened(from),
      to: shortened(to),
      file: shortened(file, PATH_LIMIT),
      line,
    })),
    renamedCount: renamed.length,
    missing: (input.missing ?? []).map(shortItem),
    junk: (input.junk ?? []).map((path) => shortened(path, PATH_LIMIT)),
  }
}

function shortItem({ what, why }: ReportItem): ReportItem {
  return { what: shortened(what, PATH_LIMIT), why: shortened(why) }
}

/** The report for programs. */
export function reportJson(input: ReportInput): string {
  return `${JSON.stringify(reportData(input), null, 2)}\n`
}

/** How much of what a course has, for the head of its report. */
export function countsOf(course: Course): Record<string, number> {
  const counts: Record<string, number> = {
    blocks: course.blocks.filter(({ branch }) => branch === 'published').length,
    drafts: course.blocks.filter(({ branch }) => branch === 'draft').length,
    assets: course.assets.length,
    pages: course.pages.length,
  }
  for (const { type, branch } of course.blocks) {
    if (branch === 'published' && Object.hasOwn(COUNTED, type)) {
      const name = COUNTED[type] ?? type
      counts[name] = (counts[name] ?? 0) + 1
    }
  }
  return counts
}

const COUNTED: Readonly<Record<string, string>> = {
  chapter: 'chapters',
  sequential: 'sequentials',
  vertical: 'verticals',
  html: 'texts',
  problem: 'problems',
  video: 'videos',
  discussion: 'discussions',
}

/** What a course refers to and does not have, from its findings. */
export function missingOf(findings: readonly Finding[]): ReportItem[] {
  return findings
    .filter(({ code }) => code === 'MissingFile' || code === 'FileDoesNotExist' || code === 'PolicyNotFound')
    .map(({ file, line, message }) => ({ what: file === undefined ? '' : placeOf(file, line), why: message }))
}

/** A file with its line, as people write it. */
export function placeOf(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`
}
