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
    ...(['title', 'description', 'scope', 'unique', 'deadline'] as const)
      .filter((field) => differ(before[field], after[field]))
      .map((field) => `"${field}" was changed`),
  ]
}

function byName<T extends { name: string }>(parts: readonly T[]): Record<string, T> {
  return Object.fromEntries(parts.map((part) => [part.name, part]))
}

function compareParts(kind: string, before: Record<string, object>, after: Record<string, object>): string[] {
  const found: string[] = []
  for (const [name, part] of Object.entries(before)) {
    const now = after[name]
    if (now === undefined) found.push(`${kind} "${name}" was removed`)
    else {
      const fields = new Set([...Object.keys(part), ...Object.keys(now)])
      for (const field of fields) {
        if (differ(Reflect.get(part, field), Reflect.get(now, field)))
          found.push(`${kind} "${name}": "${field}" was changed`)
      }
    }
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
    else if (!(field in old)) found.push(`input field "${field}" was added`)
    else if (differ(old[field], now[field])) found.push(`input field "${field}" was changed`)
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
