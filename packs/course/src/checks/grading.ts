import type { Course } from '../olx/index.ts'
import { isRecord } from '../olx/policies.ts'
import type { Findings } from './finding.ts'
import type { JsonLines } from './json-lines.ts'

/** How far the weights may be from 1: they are decimal fractions that a computer adds up. */
const WEIGHT_TOLERANCE = 1e-8
const LETTERS = ['A', 'B', 'C', 'D'] as const

/** Step 5: whether grades can be worked out from the grading policy. */
export function checkGrading(course: Course, lines: JsonLines, findings: Findings): void {
  const { file, value } = course.gradingPolicy
  if (value === undefined) return
  const report = (message: string, key?: string) => {
    findings.add('GradingPolicyIssue', file, key === undefined ? 1 : (lines.ofKey(key) ?? 1), message)
  }
  if (!isRecord(value)) {
    findings.add('BadPolicyFormat', file, 1, 'The grading policy is not an object.')
    return
  }
  checkAssignments(value.GRADER, report)
  checkCutoffs(value.GRADE_CUTOFFS, report)
}

type Report = (message: string, key?: string) => void

function checkAssignments(grader: unknown, report: Report): void {
  if (!Array.isArray(grader) || grader.length === 0) {
    report(`GRADER is ${grader === undefined ? 'missing' : Array.isArray(grader) ? 'empty' : 'not a list'}.`, 'GRADER')
    return
  }
  const types = new Set<string>()
  let sum = 0
  for (const [index, entry] of grader.entries()) {
    const where = `Entry ${index + 1} of GRADER`
    if (!isRecord(entry)) {
      report(`${where} is not an object.`, 'GRADER')
      continue
    }
    const { type, min_count: least, drop_count: dropped, weight, short_label: label } = entry
    if (typeof type !== 'string' || type === '') report(`${where} has no type that is a text.`, 'GRADER')
    else if (types.has(type)) report(`${where} has the type "${type}" of an earlier one.`, 'GRADER')
    else types.add(type)
    const leastOk = checkCount(where, 'min_count', least, 1, report)
    const droppedOk = checkCount(where, 'drop_count', dropped, 0, report)
    if (leastOk && droppedOk && Number(dropped) >= Number(least)) {
      report(`${where} drops ${dropped} of ${least} assignments, so that none may be left.`, 'GRADER')
    }
    if (label !== undefined && label !== null && typeof label !== 'string') {
      report(`${where} has a short_label that is not a text.`, 'GRADER')
    }
    if (typeof weight !== 'number') report(`${where} has no weight that is a number.`, 'GRADER')
    else if (weight < 0 || weight > 1) report(`${where} has the weight ${weight}, which is not from 0 to 1.`, 'GRADER')
    else sum += weight
  }
  if (Math.abs(sum - 1) > WEIGHT_TOLERANCE) {
    report(`The weights add up to ${Number(sum.toFixed(6))} and not to 1.`, 'GRADER')
  }
}

function checkCount(where: string, name: string, value: unknown, least: number, report: Report): boolean {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    report(`${where} has no ${name} that is a whole number.`, 'GRADER')
    return false
  }
  if (value >= least) return true
  report(`${where} has the ${name} ${value}, which is less than ${least}.`, 'GRADER')
  return false
}

function checkCutoffs(cutoffs: unknown, report: Report): void {
  const key = 'GRADE_CUTOFFS'
  const names = isRecord(cutoffs) ? Object.keys(cutoffs) : []
  if (!isRecord(cutoffs) || names.length === 0) {
    report(`${key} is ${cutoffs === undefined ? 'missing' : isRecord(cutoffs) ? 'empty' : 'not an object'}.`, key)
    return
  }
  const unknown = names.filter((name) => name !== 'Pass' && !LETTERS.some((letter) => letter === name))
  if (unknown.length > 0) {
    report(`${key} has ${unknown.slice(0, 10).join(', ')}; only Pass, or A to D, are grades.`, key)
  }
  for (const name of names) {
    const value = cutoffs[name]
    if (typeof value !== 'number') report(`The cut-off for ${name} is not a number.`, key)
    else if (value < 0 || value > 1) report(`The cut-off for ${name} is ${value}, which is not from 0 to 1.`, key)
  }
  if (unknown.length > 0) return
  if (Object.hasOwn(cutoffs, 'Pass')) {
    if (names.length > 1) report(`${key} has both Pass and letters.`, key)
    return
  }
  if (names.length === 1 && names[0] === 'A') report(`${key} has A alone, which should be called Pass.`, key)
  checkLetters(cutoffs, report)
}

function checkLetters(cutoffs: Record<string, unknown>, report: Report): void {
  const last = LETTERS.findLastIndex((letter) => Object.hasOwn(cutoffs, letter))
  let above: { letter: string; value: number } | undefined
  for (const letter of LETTERS.slice(0, last + 1)) {
    if (!Object.hasOwn(cutoffs, letter)) report(`GRADE_CUTOFFS has no ${letter}.`, 'GRADE_CUTOFFS')
    const value = cutoffs[letter]
    if (typeof value !== 'number') continue
    if (above !== undefined && value >= above.value) {
      report(
        `The cut-off for ${letter} (${value}) is not below that for ${above.letter} (${above.value}).`,
        'GRADE_CUTOFFS',
      )
    }
    above = { letter, value }
  }
}
