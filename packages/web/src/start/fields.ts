import { fieldLabel } from '../words/states.ts'

/** One field of a form, made from a property of the input's JSON Schema. */
export interface Field {
  name: string
  label: string
  hint: string | undefined
  required: boolean
  kind: 'text' | 'secret' | 'number' | 'integer' | 'boolean' | 'choice' | 'list' | 'json'
  /** Of a choice. */
  options: string[]
  initial: unknown
}

type Schema = Record<string, unknown>

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * The fields of an input, what must be given first: the database keeps no order of properties. What has no field of its
 * own kind is written as JSON.
 */
export function fieldsOf(schema: Schema, given: Record<string, unknown> = {}): Field[] {
  if (!isSchema(schema.properties)) return []
  const required = Array.isArray(schema.required) ? schema.required : []
  const fields = Object.entries(schema.properties).flatMap(([name, property]): Field[] => {
    if (!isSchema(property)) return []
    const kind = kindOf(property)
    const field = {
      name,
      label: typeof property.title === 'string' ? property.title : fieldLabel(name),
      hint: typeof property.description === 'string' ? property.description : undefined,
      required: required.includes(name) && property.default === undefined,
      kind,
      options: kind === 'choice' && Array.isArray(property.enum) ? property.enum.map(String) : [],
      initial: shown(kind, isMasked(given[name]) ? property.default : (given[name] ?? property.default)),
    }
    return [field]
  })
  return fields.sort((a, b) => Number(b.required) - Number(a.required))
}

function kindOf(property: Schema): Field['kind'] {
  if (Array.isArray(property.enum) && property.enum.every((value) => typeof value === 'string')) return 'choice'
  if (property.type === 'string') {
    return property.writeOnly === true || property.format === 'password' ? 'secret' : 'text'
  }
  if (property.type === 'number' || property.type === 'integer' || property.type === 'boolean') return property.type
  if (property.type === 'array' && isSchema(property.items) && property.items.type === 'string') return 'list'
  return 'json'
}

/** What the server shows in place of what is not shown. */
const MASK = '•••'

/** Whether it, or a part of it, is not what was given: it must be given anew. */
const isMasked = (value: unknown): boolean => JSON.stringify(value ?? null).includes(`"${MASK}"`)

/** A value as its field holds it. */
function shown(kind: Field['kind'], value: unknown): unknown {
  if (kind === 'boolean') return value === true
  if (kind === 'list') return Array.isArray(value) ? value : []
  if (value === undefined || value === null) return kind === 'choice' ? null : ''
  return kind === 'json' ? JSON.stringify(value, null, 2) : value
}

/**
 * The input that the fields say; what was left empty is left out, so that the definition's own default holds.
 *
 * @throws {SyntaxError} where a field of JSON holds none
 */
export function inputOf(fields: readonly Field[], values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const input: Record<string, unknown> = {}
  for (const { name, kind } of fields) {
    const value = values[name]
    if (value === '' || value === null || value === undefined) continue
    if (kind === 'list' && Array.isArray(value) && value.length === 0) continue
    input[name] = typeof value === 'string' ? saidBy(kind, value) : value
  }
  return input
}

function saidBy(kind: Field['kind'], text: string): unknown {
  if (kind === 'json') return JSON.parse(text)
  // A number is text while it is typed. What is none, such as a sign alone, goes as it is: the server says so at its field.
  if (kind === 'number' || kind === 'integer') return Number.isNaN(Number(text)) ? text : Number(text)
  return text
}
