import type { PolicyFile, Tab } from './course.ts'
import { positionOf } from './decode.ts'
import type { Problems } from './problems.ts'
import type { TreeFiles } from './tree-files.ts'

/** The policies of a course. */
export interface Policies {
  readonly policy: PolicyFile
  readonly grading: PolicyFile
}

/**
 * Reads the policies of a run. The folder named after the run comes first; the older place beside it counts only where the
 * newer one has nothing. An entry of the policy later wins over the attribute of the same name in a file.
 */
export async function readPolicies(files: TreeFiles, problems: Problems, run: string | undefined): Promise<Policies> {
  if (run === undefined) {
    const none = { file: 'policies', value: undefined }
    return { policy: none, grading: none }
  }
  return {
    policy: await readFirst(files, problems, [`policies/${run}/policy.json`, `policies/${run}.json`]),
    grading: await readFirst(files, problems, [`policies/${run}/grading_policy.json`, 'grading_policy.json']),
  }
}

async function readFirst(files: TreeFiles, problems: Problems, names: readonly [string, string]): Promise<PolicyFile> {
  let result: PolicyFile | undefined
  for (const name of names) {
    const file = files.find(name)
    if (file === undefined) continue
    files.reached.add(file)
    const read = { file, value: await readJson(files, problems, file) }
    if (read.value !== undefined && !isEmptyObject(read.value)) return read
    result ??= read
  }
  if (result !== undefined) return result
  problems.add('PolicyNotFound', names[0], undefined, `${names[0]} does not exist.`)
  return { file: names[0], value: undefined }
}

/** The value of a JSON file; undefined, with a problem reported, when it is none. */
export async function readJson(files: TreeFiles, problems: Problems, file: string): Promise<unknown> {
  const text = await files.text(file)
  if (text === undefined) {
    problems.add('BadPolicy', file, undefined, 'The file is too large or not text.')
    return undefined
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const offset = /position (\d+)/.exec(message)?.[1]
    const place = positionOf(text, offset === undefined ? text.length : Number(offset))
    problems.add(
      'BadPolicy',
      file,
      place.line,
      `The file is not JSON: ${message.replace(/ in JSON at position.*$/s, '')}.`,
      place.column,
    )
    return undefined
  }
}

/** Whether a JSON value is an object, as opposed to a list, a text, a number. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEmptyObject(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

/** The entry for one block, by `type/url_name`. */
export function policyEntry(policy: PolicyFile, name: string): Record<string, unknown> | undefined {
  if (!isRecord(policy.value) || !Object.hasOwn(policy.value, name)) return undefined
  const entry = policy.value[name]
  return isRecord(entry) ? entry : undefined
}

/** The tabs the policy lists; entries of unknown shape are passed over, entries of unknown type are not. */
export function tabsOf(entry: Record<string, unknown> | undefined): Tab[] {
  const tabs = entry?.tabs
  if (!Array.isArray(tabs)) return []
  return tabs.filter(isRecord).map((tab) => ({
    type: String(tab.type ?? ''),
    name: typeof tab.name === 'string' ? tab.name : undefined,
    slug: typeof tab.url_slug === 'string' ? tab.url_slug : undefined,
    staffOnly: tab.course_staff_only === true,
  }))
}
