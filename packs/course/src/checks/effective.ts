import type { Block, Course } from '../olx/index.ts'
import { policyEntry } from '../olx/policies.ts'

/** The value a setting has in effect: the policy's, else the file's. Undefined when it is not set, or set to nothing. */
export function settingOf(course: Course, block: Block, name: string): unknown {
  const entry = policyEntry(course.policy, `${block.type}/${block.urlName}`)
  if (entry !== undefined && Object.hasOwn(entry, name)) {
    const value = entry[name]
    return value === null || value === '' ? undefined : value
  }
  const written = block.attributes.get(name)
  return written === undefined ? undefined : fromAttribute(written)
}

/** Attributes hold JSON where that parses and plain text where it does not; `null` and nothing mean not set. */
export function fromAttribute(written: string): unknown {
  if (written.trim() === '') return undefined
  try {
    const value: unknown = JSON.parse(written)
    return value === null || value === '' ? undefined : value
  } catch {
    return written
  }
}

/** A value as it is quoted in a message. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`
}

/** A block as it is named in a message. */
export function named({ type, urlName, displayName }: Block): string {
  const title = displayName === undefined ? '' : ` "${displayName.slice(0, 80)}"`
  return `${type} ${urlName}${title}`
}

/** Whether a setting means yes. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true')
}
