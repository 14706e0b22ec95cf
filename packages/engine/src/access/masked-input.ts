import type { DefinitionShape } from '@errand/task'

/** What is shown in place of what is not. */
export const MASK = '•••'

/**
 * An input as it may be shown: fields whose schema says `writeOnly` (or `format: "password"`) are masked for everybody,
 * all of them for whoever may see none.
 *
 * @example
 * ```ts
 * maskedInput({ properties: { key: { type: 'string', writeOnly: true } } }, { key: 's3cret', course: 'c' }, true)
 * // { key: '•••', course: 'c' }
 * ```
 */
export function maskedInput(
  schema: DefinitionShape['input'],
  input: Readonly<Record<string, unknown>>,
  mayView: boolean,
): Record<string, unknown> {
  if (!mayView) return Object.fromEntries(Object.keys(input).map((key) => [key, MASK]))
  const shown = masked(schema, input)
  return isRecord(shown) ? shown : {}
}

function masked(schema: unknown, value: unknown): unknown {
  if (!isRecord(schema)) return value
  if (schema.writeOnly === true || schema.format === 'password') return value === undefined ? value : MASK
  // Whichever alternative it was: what is secret in one of them is not shown.
  for (const alternatives of [schema.allOf, schema.anyOf, schema.oneOf]) {
    for (const alternative of Array.isArray(alternatives) ? alternatives : []) value = masked(alternative, value)
  }
  if (Array.isArray(value)) return value.map((item) => masked(schema.items, item))
  if (!isRecord(value)) return value
  const properties = isRecord(schema.properties) ? schema.properties : {}
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      masked(Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties, part),
    ]),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
