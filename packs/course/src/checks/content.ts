import { decodeText } from '../olx/decode.ts'
import type { Course } from '../olx/index.ts'
import { isRecord } from '../olx/policies.ts'
import type { CourseTree } from '../tree.ts'
import type { Findings } from './finding.ts'
import { HTML_LIMIT, readHtml } from './html.ts'
import { JsonLines } from './json-lines.ts'
import type { LinkChecker } from './links.ts'

/** Pages whose HTML learners see; the other pages are short values that only end in `.html`. */
const HTML_PAGES: ReadonlySet<string> = new Set(['overview', 'about_sidebar_html', 'handouts', 'updates'])

/** Steps 1 and 8: the HTML files, and the links in all content. Each file is read once and let go. */
export async function checkContent(
  course: Course,
  tree: CourseTree,
  links: LinkChecker,
  findings: Findings,
): Promise<void> {
  const checked = new Set<string>()
  for (const { file, links: found, html } of course.blocks) {
    links.check(file, found)
    if (html === undefined || checked.has(html)) continue
    checked.add(html)
    await checkFile(html, tree, links, findings, true)
  }
  for (const { kind, name, file } of course.pages) {
    // Pages of the course are written in the product, which repairs their HTML; only their links are checked.
    if (kind === 'tab' || HTML_PAGES.has(name)) await checkFile(file, tree, links, findings, false)
    else if (kind === 'info' && name.endsWith('.items.json')) await checkItems(file, tree, links, findings)
  }
}

/** The updates one by one, as newer releases keep them beside the page; those that were deleted are in it as well. */
async function checkItems(file: string, tree: CourseTree, links: LinkChecker, findings: Findings): Promise<void> {
  const bad = (line: number, what: string) => findings.add('BadUpdates', file, line, `The file ${what}.`)
  if (tree.size(file) > HTML_LIMIT) return bad(1, `has more than ${HTML_LIMIT} bytes and was not checked`)
  const decoded = decodeText(await tree.read(file))
  if (!decoded.ok) return bad(decoded.line, `cannot be read: ${decoded.message}`)
  let items: unknown
  try {
    items = JSON.parse(decoded.text)
  } catch {
    return bad(decoded.text.split('\n').length, 'is not JSON')
  }
  if (!Array.isArray(items)) return bad(1, 'does not hold a list')
  const lines = new JsonLines(decoded.text).allOf('content')
  let contents = 0
  for (const [index, item] of items.entries()) {
    if (!isRecord(item)) {
      bad(1, `has an update that is no object, number ${index + 1} of the list`)
      continue
    }
    const line = 'content' in item ? (lines[contents++] ?? 1) : 1
    if (typeof item.content !== 'string' || item.status === 'deleted') continue
    const found = readHtml(item.content).links.map(({ target }) => ({ target, line }))
    links.check(file, found)
  }
}

async function checkFile(
  file: string,
  tree: CourseTree,
  links: LinkChecker,
  findings: Findings,
  strict: boolean,
): Promise<void> {
  const size = tree.size(file)
  if (size > HTML_LIMIT) {
    const message = `The file has ${size} bytes; HTML of more than ${HTML_LIMIT} is kept but not checked.`
    findings.add('TooLarge', file, undefined, message)
    return
  }
  const decoded = decodeText(await tree.read(file))
  if (!decoded.ok) {
    findings.add('InvalidHTML', file, decoded.line, `The file cannot be read: ${decoded.message}.`)
    return
  }
  const { links: found, mistake } = readHtml(decoded.text)
  links.check(file, found)
  if (mistake === undefined || !strict) return
  const more = mistake.more === 0 ? '' : ` (and ${mistake.more} more in this file)`
  findings.add('InvalidHTML', file, mistake.line, `The HTML has a mistake: ${mistake.message}${more}.`)
}
