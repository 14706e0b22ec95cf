import type { Block, Course } from '../olx/index.ts'
import type { AssetNames } from './asset-names.ts'
import { isPeriod, readDate } from './dates.ts'
import { isTrue, named, quoted, settingOf } from './effective.ts'
import type { Findings } from './finding.ts'

/** What settings with fixed values may be. The last ones of `rerandomize` are what old courses have. */
const ENUMERATIONS: Readonly<Record<string, readonly string[]>> = {
  rerandomize: ['always', 'onreset', 'never', 'per_student', 'true', 'false'],
  show_correctness: ['always', 'past_due', 'never', 'never_but_include_grade'],
  showanswer: [
    'always',
    'answered',
    'attempted',
    'attempted_no_past_due',
    'closed',
    'finished',
    'correct_or_past_due',
    'past_due',
    'never',
    'after_attempts',
    'after_all_attempts',
    'after_all_attempts_or_correct',
  ],
}
const COURSE_DATES = ['start', 'end', 'enrollment_start', 'enrollment_end']
const BLOCK_DATES = ['start', 'due']

/** Step 6: the settings of the course and of its blocks. */
export function checkSettings(course: Course, assets: AssetNames, findings: Findings): void {
  for (const block of course.blocks) {
    if (block.broken) continue
    const invalid = (message: string) => findings.add('InvalidSetting', block.file, block.line, message)
    checkCommon(course, block, invalid)
    if (block.type === 'course') checkCourseSettings(course, block, assets, findings, invalid)
    else if (block.type === 'openassessment')
      checkDates(course, block, ['submission_start', 'submission_due'], invalid, true)
    else if (block.type === 'discussion') checkDiscussion(course, block, findings, invalid)
    else if (block.type === 'sequential') checkExam(course, block, invalid)
    for (const { line, name } of block.transcripts) {
      if (assets.has(name)) continue
      findings.add(
        'MissingFile',
        block.file,
        line,
        `The transcript ${quoted(name)} of ${named(block)} is not in static/.`,
      )
    }
    if (block.dataProblem !== undefined)
      invalid(
        `The data of ${named(block)} cannot be used: ${block.dataProblem.replace(/ in JSON at position.*$/s, '')}.`,
      )
  }
}

type Invalid = (message: string) => void

function checkCommon(course: Course, block: Block, invalid: Invalid): void {
  for (const [name, allowed] of Object.entries(ENUMERATIONS)) {
    const value = settingOf(course, block, name)
    if (value !== undefined && !allowed.includes(String(value))) {
      invalid(`${named(block)} has ${name} ${quoted(value)}; it can be ${allowed.join(', ')}.`)
    }
  }
  for (const name of ['attempts', 'max_attempts']) {
    const value = settingOf(course, block, name)
    if (value !== undefined && !(Number.isInteger(Number(value)) && Number(value) >= 1)) {
      invalid(`${named(block)} has ${name} ${quoted(value)}; it must be a whole number from 1 on.`)
    }
  }
  const grace = settingOf(course, block, 'graceperiod')
  if (grace !== undefined && !isPeriod(grace)) {
    invalid(`${named(block)} has graceperiod ${quoted(grace)}; write it like "1 day 5 hours 59 minutes".`)
  }
  if (block.type === 'problem') {
    const weight = settingOf(course, block, 'weight')
    if (weight !== undefined && !(Number(weight) >= 0)) {
      invalid(`${named(block)} has weight ${quoted(weight)}; it must be a number from 0 on.`)
    }
  }
  if (block.type !== 'course') checkDates(course, block, BLOCK_DATES, invalid, false)
}

function checkDates(course: Course, block: Block, names: readonly string[], invalid: Invalid, required: boolean): void {
  for (const name of names) {
    const value = settingOf(course, block, name)
    if (value === undefined) {
      if (required) invalid(`${named(block)} has no ${name}.`)
    } else if (readDate(value) === undefined)
      invalid(`${named(block)} has ${name} ${quoted(value)}, which is not a date.`)
  }
}

function checkCourseSettings(
  course: Course,
  block: Block,
  assets: AssetNames,
  findings: Findings,
  invalid: Invalid,
): void {
  for (const name of ['org', 'course', 'start', 'end', 'course_image']) {
    const value = name === 'org' ? course.org : name === 'course' ? course.course : settingOf(course, block, name)
    if (value === undefined) invalid(`The course has no ${name}.`)
  }
  checkDates(course, block, COURSE_DATES, invalid, false)
  const image = settingOf(course, block, 'course_image')
  if (typeof image === 'string' && !assets.has(image) && !assets.has(`images/${image}`)) {
    findings.add('MissingFile', block.file, block.line, `The course image ${quoted(image)} is not in static/.`)
  }
}

function checkDiscussion(course: Course, block: Block, findings: Findings, invalid: Invalid): void {
  if (block.pointer !== undefined) {
    const message = `${named(block)} is in a file of its own; it is written inline now.`
    findings.add('Obsolete', block.pointer.file, block.pointer.line, message)
  }
  for (const name of ['discussion_id', 'discussion_category', 'discussion_target']) {
    // An inline block of the present kind makes its id itself; a category without a target is what tells it apart.
    if (settingOf(course, block, name) === undefined && block.attributes.get('xblock-family') === undefined) {
      invalid(`${named(block)} has no ${name}.`)
    }
  }
}

function checkExam(course: Course, block: Block, invalid: Invalid): void {
  if (!isTrue(settingOf(course, block, 'is_time_limited')) && !isTrue(settingOf(course, block, 'is_timed_exam'))) return
  const first = course.blocks[0]
  if (first !== undefined && isTrue(settingOf(course, first, 'enable_timed_exams'))) return
  invalid(`${named(block)} is a timed exam, but the course does not set enable_timed_exams.`)
}
