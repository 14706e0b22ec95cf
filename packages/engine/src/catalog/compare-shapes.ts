import { canonicalJson, type DefinitionShape } from '@errand/task'

/**
 * What differs between two shapes that claim to be one version, in words: for whoever has to correct it.
 *
 * @example
 * ```ts
 * compareShapes(old, next) // ['step "pack" was removed', 'input field "course" is now required']
 * ```
 */
export function compareShapes(before: DefinitionShape, after: DefinitionShape): string[] {
  return [
    ...compareInput(before.input, after.input),
    ...compareParts('step', byName(before.steps), byName(after.steps)),
    ...compareParts('artifact', before.artifacts, after.artifacts),
    ...compareParts('upload', before.uploads, after.uploads),
    ...compareOrder(before.steps, after.steps),
    ...compareFields(rest(before), rest(after)),
  ]
}

/** Characters of a value in a message: enough to recognise it. */
const SHOWN = 80

/** What is compared as a whole: everything that has no name of its own, but for words, which may change. */
function rest({
  input,
  steps,
  artifacts,
  uploads,
  notifications,
  ...others
}: DefinitionShape): Record<string, unknown> {
  return others
}

function compareFields(before: object, after: object, of = ''): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const [old, now]: unknown[] = [Reflect.get(before, field), Reflect.get(after, field)]
    if (!differ(old, now)) return []
    if (old === undefined) return [`${of}"${field}" was added: ${shown(now)}`]
    if (now === undefined) return [`${of}"${field}" was removed: ${shown(old)}`]
    return [`${of}"${field}" was changed from ${shown(old)} to ${shown(now)}`]
  })
}

function shown(value: unknown): string {
  const text = canonicalJson(value)
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`
}

/** People see the steps in the order in which they are declared, so that is part of the shape. */
function compareOrder(before: readonly { name: string }[], after: readonly { name: string }[]): string[] {
  const names = (steps: typeof before, others: typeof before) =>
    steps.map(({ name }) => name).filter((name) => others.some((other) => other.name === name))
  return differ(names(before, after), names(after, before)) ? ['the steps were put in another order'] : []
}

function byName<T extends { name: string }>(parts: readonly T[]): Record<string, T> {
  return Object.fromEntries(parts.map((part) => [part.name, part]))
}

function compareParts(kind: string, before: Record<string, object>, after: Record<string, object>): string[] {
  const found: string[] = []
  for (const [name, part] of Object.entries(before)) {
    const now = after[name]
    if (now === undefined) found.push(`${kind} "${name}" was removed`)
    else found.push(...compareFields(part, now, `${kind} "${name}": `))
  }
  for (const name of Object.keys(after)) if (!(name in before)) found.push(`${kind} "${name}" was added`)
  return found
}

function compareInput(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  if (!differ(before, after)) return []
  const found: string[] = []
  const [old, now] = [objectOf(before.properties), objectOf(after.properties)]
  const [oldRequired, nowRequired] = [listOf(before.required), listOf(after.required)]
  for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (!(field in now)) found.push(`input field "${field}" was removed`)
    else if (!(field in old))
      found.push(`input field "${field}" was added${nowRequired.includes(field) ? ' and is required' : ''}`)
    else if (differ(old[field], now[field]))
      found.push(`input field "${field}" was changed from ${shown(old[field])} to ${shown(now[field])}`)
    if (field in old && field in now && oldRequired.includes(field) !== nowRequired.includes(field)) {
      found.push(`input field "${field}" is ${nowRequired.includes(field) ? 'now required' : 'no longer required'}`)
    }
  }
  return found.length > 0 ? found : ['the schema of the input was changed']
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function differ(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) !== canonicalJson(b ?? null)
}
