import { isTaskFailure } from '@errand/task'
import { decodeText } from '../olx/decode.ts'
import { type Course, type ReadOptions, readCourse } from '../olx/index.ts'
import { TEXT_FILE_LIMIT } from '../olx/limits.ts'
import type { CourseTree } from '../tree.ts'
import { AssetNames } from './asset-names.ts'
import { checkContent } from './content.ts'
import { checkDateOrder } from './date-order.ts'
import { type Finding, Findings } from './finding.ts'
import { checkGrading } from './grading.ts'
import { JsonLines } from './json-lines.ts'
import { LinkChecker } from './links.ts'
import { checkLti } from './lti.ts'
import { checkDiscussionIds, checkDisplayNames, checkNames } from './names.ts'
import { checkPolicyEntries, checkPolicyLinks } from './policy-entries.ts'
import { checkSettings } from './settings.ts'
import { checkStructure } from './structure.ts'
import { checkTabs, checkTypes } from './unknown.ts'

/**
 * Runs every check over a course that was read. Nothing in a course makes it fail; only `tree` can, if it cannot be read.
 *
 * @example
 * ```ts
 * const findings = await checkCourse(await readCourse(tree), tree)
 * findings.filter(({ level }) => level === 'ERROR').length
 * ```
 */
export async function checkCourse(course: Course, tree: CourseTree): Promise<Finding[]> {
  const findings = new Findings()
  const assets = new AssetNames(course)
  checkStructure(course, findings)
  checkTypes(course, findings)
  checkNames(course, findings)
  const policyLines = await linesOf(course.policy.file, tree)
  if (course.kind === 'course') {
    checkPolicyEntries(course, policyLines, findings)
    checkTabs(course, policyLines, findings)
    checkGrading(course, await linesOf(course.gradingPolicy.file, tree), findings)
  }
  checkSettings(course, assets, findings)
  checkDateOrder(course, findings)
  checkLti(course, findings)
  checkDisplayNames(course, findings)
  checkDiscussionIds(course, findings)
  const links = new LinkChecker(course, assets, findings)
  checkPolicyLinks(course, policyLines, links)
  await checkContent(course, tree, links, findings)
  return findings.list()
}

/** A course's findings, and the course where there is one to speak of. */
export interface Checked {
  readonly course: Course | undefined
  readonly findings: readonly Finding[]
}

/** Reads and checks in one go; that there is no course, or none that can be read, becomes a finding too. */
export async function checkTree(tree: CourseTree, options: ReadOptions = {}): Promise<Checked> {
  let course: Course
  try {
    course = await readCourse(tree, options)
  } catch (error) {
    if (!isTaskFailure(error) || !error.code.startsWith('course-root-')) throw error
    const findings = new Findings()
    const place = /^(.+?), line (\d+)/.exec(error.detail)
    const line = place === null ? undefined : Number(place[2])
    const code = error.code === 'course-root-missing' ? 'CourseXMLDoesNotExist' : 'InvalidXML'
    findings.add(code, place?.[1], line, `${error.title}. ${error.detail}`)
    return { course: undefined, findings: findings.list() }
  }
  return { course, findings: await checkCourse(course, tree) }
}

async function linesOf(file: string, tree: CourseTree): Promise<JsonLines> {
  if (!tree.paths.includes(file) || tree.size(file) > TEXT_FILE_LIMIT) return new JsonLines('')
  const decoded = decodeText(await tree.read(file))
  return new JsonLines(decoded.ok ? decoded.text : '')
}
