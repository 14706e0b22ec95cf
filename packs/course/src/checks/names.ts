import type { Course } from '../olx/index.ts'
import { named } from './effective.ts'
import type { Findings } from './finding.ts'

/** Types whose identity nothing hangs on, or that get one anyway. */
const NEEDS_NO_NAME: ReadonlySet<string> = new Set(['discussion', 'library'])

/** Step 3: names that are missing, and names that had to change. */
export function checkNames(course: Course, findings: Findings): void {
  for (const block of course.blocks) {
    if (block.broken || NEEDS_NO_NAME.has(block.type)) continue
    // The course without a name is a finding of its own, as its policies cannot be found then.
    if (block.nameSource === 'url_name' || block.nameSource === 'slug' || block.type === 'course') continue
    const from = block.nameSource === 'generated' ? 'from its content' : `from its ${block.nameSource}`
    findings.add(
      'MissingURLName',
      block.file,
      block.line,
      `The ${block.type} has no url_name; it goes by ${block.urlName}, made ${from}.`,
    )
  }
  for (const { type, from, to, file, line } of course.renamed) {
    findings.add('RenamedBlock', file, line, `The name ${from} is taken; this ${type} goes by ${to}.`)
  }
}

/** Types that learners meet by their name. */
const NEEDS_DISPLAY_NAME: ReadonlySet<string> = new Set([
  'course',
  'library',
  'chapter',
  'sequential',
  'vertical',
  'html',
  'problem',
  'video',
  'lti',
  'lti_consumer',
])
/** Types that show another title. */
const HAS_OWN_TITLE: ReadonlySet<string> = new Set(['openassessment'])

/** Step 7: names that are shown, and discussions that share their posts. */
export function checkDisplayNames(course: Course, findings: Findings): void {
  for (const block of course.blocks) {
    if (block.broken) continue
    const { type, displayName, file, line, urlName } = block
    if (NEEDS_DISPLAY_NAME.has(type) && !displayName?.trim()) {
      findings.add('MissingDisplayName', file, line, `The ${type} ${urlName} has no display_name.`)
    } else if (HAS_OWN_TITLE.has(type) && displayName !== undefined) {
      findings.add('ExtraDisplayName', file, line, `The ${type} ${urlName} has a display_name, which is not shown.`)
    }
  }
}

/** Step 7: two discussions with one id. */
export function checkDiscussionIds(course: Course, findings: Findings): void {
  const seen = new Map<string, string>()
  for (const block of course.blocks) {
    if (block.type !== 'discussion' || block.branch === 'draft') continue
    const id = block.attributes.get('discussion_id')
    if (!id) continue
    const first = seen.get(id)
    if (first === undefined) seen.set(id, `${named(block)} at ${block.file}, line ${block.line}`)
    else
      findings.add('DuplicateID', block.file, block.line, `${named(block)} has the discussion_id "${id}" of ${first}.`)
  }
}
