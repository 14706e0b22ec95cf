/** The part of JSON Schema that decides how a text on the command line becomes a value. */
export interface ValueSchema {
  type?: string | string[]
  properties?: Record<string, ValueSchema>
  items?: ValueSchema
  enum?: unknown[]
  const?: unknown
  anyOf?: ValueSchema[]
  oneOf?: ValueSchema[]
  allOf?: ValueSchema[]
  $ref?: string
  $defs?: Record<string, ValueSchema>
  additionalProperties?: boolean | ValueSchema
  required?: string[]
  default?: unknown
  description?: string
}

/** What a text became, or what was expected instead. */
export type Coerced = { value: unknown } | { expected: string }

/**
 * Reads a text as the schema says: a number where a number is wanted, a text where a text is, JSON for objects.
 *
 * @example
 * ```ts
 * coerce('0.5', { type: 'number' }) // { value: 0.5 }
 * coerce('0.5', { type: 'string' }) // { value: '0.5' }
 * coerce('many', { type: 'number' }) // { expected: 'a number' }
 * ```
 */
export function coerce(text: string, schema: ValueSchema, root: ValueSchema = schema): Coerced {
  const resolved = resolve(schema, root)
  const choices = resolved.anyOf ?? resolved.oneOf
  if (choices !== undefined) return firstThatFits(text, choices, root)
  if (resolved.const !== undefined) return oneOf(text, [resolved.const])
  if (resolved.enum !== undefined) return oneOf(text, resolved.enum)
  if (Array.isArray(resolved.type)) {
    return firstThatFits(
      text,
      resolved.type.map((type) => ({ ...resolved, type })),
      root,
    )
  }
  switch (resolved.type) {
    case 'string':
      return { value: text }
    case 'number':
      return NUMBER.test(text.trim()) ? { value: Number(text) } : { expected: 'a number' }
    case 'integer':
      return /^-?\d+$/.test(text.trim()) ? { value: Number(text) } : { expected: 'a whole number' }
    case 'boolean':
      return boolean(text)
    case 'null':
      return text === 'null' || text === '' ? { value: null } : { expected: 'null' }
    case 'array':
      return list([text], resolved, root)
    case 'object':
      return json(text, 'an object as JSON, such as {"a": 1}', (value) => !Array.isArray(value) && isObject(value))
    default:
      return anything(text)
  }
}

/** Several texts for one field: its list. One text that is a JSON list is the list itself. */
export function list(texts: readonly string[], schema: ValueSchema, root: ValueSchema): Coerced {
  const [only] = texts
  if (texts.length === 1 && only !== undefined && /^\s*\[/.test(only))
    return json(only, 'a list as JSON', Array.isArray)
  const items = resolve(schema, root).items ?? {}
  const values: unknown[] = []
  for (const text of texts) {
    const item = coerce(text, items, root)
    if ('expected' in item) return { expected: `a list, each entry ${item.expected}` }
    values.push(item.value)
  }
  return { value: values }
}

/** Follows a reference within the document, and joins the parts of an `allOf`. */
export function resolve(schema: ValueSchema, root: ValueSchema, depth = 0): ValueSchema {
  // A definition that refers to itself must end somewhere; real ones are two or three deep.
  if (depth > 20) return {}
  const [, name] = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? '') ?? []
  if (name !== undefined) return resolve(root.$defs?.[name] ?? {}, root, depth + 1)
  if (schema.allOf === undefined) return schema
  return Object.assign({}, schema, ...schema.allOf.map((part) => resolve(part, root, depth + 1)))
}

/** Whether the field takes several values. */
export function isList(schema: ValueSchema, root: ValueSchema): boolean {
  const resolved = resolve(schema, root)
  if (resolved.type === 'array') return true
  return (resolved.anyOf ?? resolved.oneOf ?? []).some((choice) => isList(choice, root))
}

const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A text fits any `string`, so that is tried last. */
function firstThatFits(text: string, choices: readonly ValueSchema[], root: ValueSchema): Coerced {
  const ordered = choices.map((choice) => resolve(choice, root))
  ordered.sort((a, b) => Number(isPlainString(a)) - Number(isPlainString(b)))
  const expected: string[] = []
  for (const choice of ordered) {
    const result = coerce(text, choice, root)
    if ('value' in result) return result
    expected.push(result.expected)
  }
  return { expected: [...new Set(expected)].join(', or ') }
}

const isPlainString = (schema: ValueSchema) =>
  schema.type === 'string' && schema.enum === undefined && schema.const === undefined

function oneOf(text: string, values: readonly unknown[]): Coerced {
  const found = values.find((value) => String(value) === text)
  if (found !== undefined) return { value: found }
  return { expected: values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}` }
}

function boolean(text: string): Coerced {
  const word = text.trim().toLowerCase()
  if (word === 'true' || word === 'yes' || word === '1') return { value: true }
  if (word === 'false' || word === 'no' || word === '0') return { value: false }
  return { expected: 'true or false' }
}

function json(text: string, expected: string, fits: (value: unknown) => boolean): Coerced {
  try {
    const value: unknown = JSON.parse(text)
    return fits(value) ? { value } : { expected }
  } catch {
    return { expected }
  }
}

/** Where the schema says nothing: JSON if it is that, else the text. */
function anything(text: string): Coerced {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return { value: text }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
