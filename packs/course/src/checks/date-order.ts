import type { Block, Course } from '../olx/index.ts'
import { readDate } from './dates.ts'
import { named, settingOf } from './effective.ts'
import type { Findings } from './finding.ts'

interface Span {
  readonly start: number | undefined
  readonly end: number | undefined
}

/** Step 6: dates against each other and against those of the course. */
export function checkDateOrder(course: Course, findings: Findings): void {
  const first = course.blocks[0]
  if (course.kind === 'library' || first === undefined) return
  const whole = spanOf(course, first, 'start', 'end')
  if (whole.start !== undefined && whole.end !== undefined && whole.start >= whole.end) {
    findings.add('DateOrdering', first.file, first.line, 'The course ends before it starts.')
  }
  const enrolment = spanOf(course, first, 'enrollment_start', 'enrollment_end')
  if (enrolment.start !== undefined && enrolment.end !== undefined && enrolment.start >= enrolment.end) {
    findings.add('DateOrdering', first.file, first.line, 'Enrolment ends before it starts.')
  }
  for (const block of course.blocks) {
    if (block === first || block.broken) continue
    const prefix = block.type === 'openassessment' ? 'submission_' : ''
    checkSpan(spanOf(course, block, `${prefix}start`, `${prefix}due`), whole, named(block), block, block.line, findings)
    for (const [index, { start, due, line }] of block.assessments.entries()) {
      const who = `Assessment ${index + 1} of ${named(block)}`
      for (const [name, value] of [
        ['start', start],
        ['due', due],
      ]) {
        if (value && value !== 'null' && readDate(value) === undefined) {
          findings.add(
            'InvalidSetting',
            block.file,
            line,
            `${who} has ${name} "${value.slice(0, 80)}", which is not a date.`,
          )
        }
      }
      checkSpan({ start: readDate(start), end: readDate(due) }, whole, who, block, line, findings)
    }
  }
}

function spanOf(course: Course, block: Block, start: string, end: string): Span {
  return { start: readDate(settingOf(course, block, start)), end: readDate(settingOf(course, block, end)) }
}

function checkSpan(span: Span, whole: Span, who: string, { file }: Block, line: number, findings: Findings): void {
  const report = (what: string) => findings.add('DateOrdering', file, line, `${who} ${what}.`)
  const { start, end } = span
  // Without a date of its own a block has that of the course, which is in order.
  if (start !== undefined && whole.start !== undefined && start < whole.start && !isDistantPast(start)) {
    report('starts before the course starts')
  }
  if (start !== undefined && whole.end !== undefined && start >= whole.end) report('starts after the course ends')
  if (end !== undefined && whole.start !== undefined && end <= whole.start) report('is due before the course starts')
  if (end !== undefined && whole.end !== undefined && end > whole.end) report('is due after the course ends')
  if (start !== undefined && end !== undefined && start >= end) report('is due before it starts')
}

/** The first moment of these years is what authoring tools write for "open since ever". */
const SINCE_EVER = [1970, 2000, 2001]

function isDistantPast(time: number): boolean {
  return SINCE_EVER.some((year) => time === Date.UTC(year, 0, 1))
}
