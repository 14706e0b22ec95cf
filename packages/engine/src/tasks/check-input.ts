import { createHash } from 'node:crypto'
import { canonicalJson, type DefinitionShape } from '@errand/task'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { isStorable } from '../database/json-text.ts'
import { Problem } from '../problem.ts'

// Types are not coerced: "5" is no number. Defaults are filled in, so that the record says what the task will work with.
const ajv = new Ajv2020({ allErrors: true, useDefaults: true, strict: false })
addFormats.default(ajv)

/** Compiling a schema takes milliseconds, checking with it microseconds. The catalog keeps one shape object a version. */
const validators = new WeakMap<DefinitionShape, ValidateFunction>()

/**
 * The input as the definition's JSON Schema wants it, defaults filled in.
 *
 * @throws {Problem} `input-invalid` (422), naming every field that is wrong
 */
export function checkInput(shape: DefinitionShape, input: unknown): Record<string, unknown> {
  const validate = validatorOf(shape)
  const copy: unknown = structuredClone(input ?? {})
  const valid = validate(copy)
  const issues = valid ? unstorable(copy) : (validate.errors ?? []).map(issueOf)
  if (valid && issues.length === 0 && typeof copy === 'object' && copy !== null) return { ...copy }
  throw new Problem({
    code: 'input-invalid',
    status: 422,
    title: `The input does not fit ${shape.title}`,
    detail: `${issues.map(({ field, message }) => `${field}: ${message}`).join('; ')}.`,
    hint: `Its fields are: ${Object.keys(shape.input.properties ?? {}).join(', ') || 'none'}.`,
    extensions: { issues },
  })
}

function validatorOf(shape: DefinitionShape): ValidateFunction {
  const known = validators.get(shape)
  if (known) return known
  const made = ajv.compile(shape.input)
  validators.set(shape, made)
  return made
}

/** Texts that the database could only keep with something else in place of a character. */
function unstorable(value: unknown, path: string[] = []): { field: string; message: string }[] {
  const issue = { field: path.join('.') || 'input', message: 'contains a character that is not text' }
  if (typeof value === 'string') return isStorable(value) ? [] : [issue]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) =>
    isStorable(key) ? unstorable(part, [...path, key]) : [{ ...issue, message: 'has a field that is not text' }],
  )
}

function issueOf(error: ErrorObject): { field: string; message: string } {
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const inside = (name: string) => (path === '' ? name : `${path}.${name}`)
  if (error.keyword === 'required') {
    return { field: inside(String(error.params.missingProperty)), message: 'is required' }
  }
  if (error.keyword === 'additionalProperties') {
    return { field: inside(String(error.params.additionalProperty)), message: 'is not a field of this task' }
  }
  if (error.keyword === 'enum' && Array.isArray(error.params.allowedValues)) {
    return { field: path || 'input', message: `must be one of ${error.params.allowedValues.join(', ')}` }
  }
  return { field: path || 'input', message: error.message ?? 'is not valid' }
}

/** Tells a repeated request from another one under the same Idempotency-Key. */
export function requestDigest(request: { definition: string; input: unknown; uploads: unknown }): string {
  return createHash('sha256').update(canonicalJson(request)).digest('hex')
}
