import type { Course } from '../olx/index.ts'
import { linksInJson } from '../olx/links.ts'
import { isRecord } from '../olx/policies.ts'
import { readDate } from './dates.ts'
import { fromAttribute, quoted } from './effective.ts'
import type { Findings } from './finding.ts'
import type { JsonLines } from './json-lines.ts'
import type { LinkChecker } from './links.ts'

/** What a course's tag says about itself rather than sets. */
const NOT_SETTINGS: ReadonlySet<string> = new Set(['url_name', 'org', 'course', 'slug', 'filename', 'xml_attributes'])

/** Step 4: the entries of the policy against the blocks they are for. */
export function checkPolicyEntries(course: Course, lines: JsonLines, findings: Findings): void {
  const { file, value } = course.policy
  if (value === undefined) return
  if (!isRecord(value)) {
    findings.add('BadPolicyFormat', file, 1, 'The policy is not an object.')
    return
  }
  const types = new Map<string, string[]>()
  for (const { type, urlName } of course.blocks) {
    const known = types.get(urlName)
    if (known === undefined) types.set(urlName, [type])
    else if (!known.includes(type)) known.push(type)
  }
  for (const [name, entry] of Object.entries(value)) {
    const line = lines.ofKey(name)
    const slash = name.indexOf('/')
    const [type, urlName] = slash < 0 ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)]
    const found = types.get(urlName)
    if (found === undefined) {
      findings.add(
        'PolicyRefNotFound',
        file,
        line,
        `The policy has an entry for ${quoted(name)}, which does not exist.`,
      )
    } else if (!found.includes(type)) {
      const message = `The policy has an entry for ${quoted(name)}, but ${urlName} is a ${found.join(' and a ')}.`
      findings.add('WrongObjectType', file, line, message)
    } else if (!isRecord(entry)) {
      findings.add('BadEntry', file, line, `The entry for ${quoted(name)} is ${quoted(entry)} and not an object.`)
    } else checkOverrides(course, name, entry, lines, findings)
  }
}

/** Step 8: what the policy refers to, the chapters of textbooks above all. */
export function checkPolicyLinks(course: Course, lines: JsonLines, links: LinkChecker): void {
  const { file, value } = course.policy
  if (!isRecord(value)) return
  for (const [name, entry] of Object.entries(value)) {
    if (!isRecord(entry)) continue
    for (const [setting, set] of Object.entries(entry)) {
      links.check(file, linksInJson(set, lines.ofKey(setting, name) ?? 1))
    }
  }
}

function checkOverrides(
  course: Course,
  name: string,
  entry: Record<string, unknown>,
  lines: JsonLines,
  findings: Findings,
): void {
  const block = course.byKey.get(name)
  if (block === undefined) return
  const { file } = course.policy
  const alike: string[] = []
  for (const [setting, value] of Object.entries(entry)) {
    const written = block.attributes.get(setting)
    if (written === undefined || NOT_SETTINGS.has(setting)) continue
    if (same(fromAttribute(written), value)) alike.push(setting)
    else {
      const message = `The policy sets ${setting} of ${name} to ${quoted(value)}; ${block.file}, line ${block.line}, says ${quoted(written)}.`
      findings.add('SettingOverride', file, lines.ofKey(setting, name), message)
    }
  }
  if (alike.length > 0) {
    // Exports write the settings of the course in both places: as long as they agree, nothing is overridden.
    const message = `The policy sets the same as ${block.file} for ${name}: ${alike.join(', ')}.`
    findings.add('SettingOverride', file, lines.ofKey(name), message, 'INFO')
  }
}

function same(a: unknown, b: unknown): boolean {
  if (canonical(a) === canonical(b)) return true
  const [first, second] = [readDate(a), readDate(b)]
  return first !== undefined && first === second
}

/** JSON with sorted keys; nothing, `null` and the empty text are all "not set". */
function canonical(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'null'
  const text = JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  )
  return typeof value === 'string' ? text.slice(1, -1) : text
}
