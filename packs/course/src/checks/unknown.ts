import { CONTAINERS, FILED_TYPES, LEAVES } from '../olx/block-types.ts'
import type { Course } from '../olx/index.ts'
import { policyEntry } from '../olx/policies.ts'
import { named, quoted } from './effective.ts'
import type { Findings } from './finding.ts'
import type { JsonLines } from './json-lines.ts'

/** The entries that the course's navigation can have, those of older and newer releases included. */
const TABS: ReadonlySet<string> = new Set(
  (
    'courseware course_info dates discussion external_discussion wiki progress static_tab external_link textbooks ' +
    'pdf_textbooks html_textbooks syllabus edxnotes notes teams ccx_coach instructor lti_live calculator_and_notes ' +
    'peer_grading staff_grading open_ended'
  ).split(' '),
)

/** Step 4: entries of the navigation that another release made, or a mistake, or whose page is absent; they are kept as they are. */
export function checkTabs(course: Course, lines: JsonLines, findings: Findings): void {
  const name = `course/${course.run}`
  const tabs = policyEntry(course.policy, name)?.tabs
  if (tabs === undefined || tabs === null) return
  const add = (message: string) => findings.add('UnknownTab', course.policy.file, lines.ofKey('tabs', name), message)
  if (!Array.isArray(tabs)) add('The tabs of the course are not a list.')
  for (const tab of Array.isArray(tabs) ? tabs : []) {
    const type: unknown = typeof tab === 'object' && tab !== null ? Reflect.get(tab, 'type') : undefined
    if (typeof type !== 'string') add(`A tab of the course has no type: ${quoted(tab)}.`)
    else if (!TABS.has(type)) add(`A tab of the course is of the type ${quoted(type)}, which is not known here.`)
  }
  const pages = new Set(course.pages.flatMap((page) => (page.kind === 'tab' ? [page.name.normalize('NFC')] : [])))
  for (const { name: title, slug, type } of course.tabs) {
    if (type !== 'static_tab' || !slug || pages.has(slug.normalize('NFC'))) continue
    const message = `The tab ${quoted(title ?? slug)} shows tabs/${slug}.html, which does not exist.`
    findings.add('MissingTab', course.policy.file, lines.ofKey('tabs', name), message)
  }
}

/** Step 1: blocks of types that are not known here, one finding for each type. They are kept as they are. */
export function checkTypes(course: Course, findings: Findings): void {
  const found = new Map<string, { first: Course['blocks'][number]; count: number }>()
  for (const block of course.blocks) {
    const { type } = block
    if (CONTAINERS.has(type) || FILED_TYPES.has(type) || LEAVES.has(type)) continue
    const known = found.get(type)
    if (known === undefined) found.set(type, { first: block, count: 1 })
    else known.count += 1
  }
  for (const [type, { count, first }] of found) {
    const more = count === 1 ? '' : `, and so are ${count - 1} more`
    findings.add('UnknownBlock', first.file, first.line, `${named(first)} is of the type ${quoted(type)}${more}.`)
  }
}
