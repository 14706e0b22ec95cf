import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import { usageError } from '../cli-error.ts'
import { reason } from '../folder/data-folder.ts'
import { closest } from './closest.ts'
import { coerce, isList, list, resolve, type ValueSchema } from './coerce.ts'

export interface InputSource {
  /** `--input k=v`, in the order typed. */
  pairs: readonly string[]
  /** `--input-file`: a path, or `-` for standard input. */
  file?: string | undefined
  stdin: NodeJS.ReadableStream
}

/**
 * Makes the task's input from the command line: the object in the file, and over it each `k=v`, read by the
 * definition's JSON Schema. A field given several times is a list.
 *
 * @throws {CliError} exit 64, naming the field and what was expected
 */
export async function readInput(source: InputSource, schema: ValueSchema): Promise<Record<string, unknown>> {
  const input = source.file === undefined ? {} : await readObject(source.file, source.stdin)
  return { ...input, ...parsePairs(source.pairs, schema) }
}

/** `['course=course-v1:A+B+C', 'minimum=0.5']` as an object of the schema's types. */
export function parsePairs(pairs: readonly string[], schema: ValueSchema): Record<string, unknown> {
  const texts = new Map<string, string[]>()
  for (const pair of pairs) {
    const [key, value] = splitPair(pair, '--input', 'course=course-v1:Org+Course+Run')
    texts.set(key, [...(texts.get(key) ?? []), value])
  }
  // A Map first, as a field may be called anything, also __proto__.
  const values = new Map<string, unknown>()
  for (const [key, given] of texts) values.set(key, fieldValue(key, given, schema))
  return Object.fromEntries(values)
}

function fieldValue(key: string, texts: readonly string[], schema: ValueSchema): unknown {
  const field = fieldOf(key, schema)
  const [only, second] = texts
  const several = isList(field, schema)
  if (second !== undefined && !several) throw usageError(`--input ${key} is given twice`, `${key} takes one value.`)
  const result = several ? list(texts, listSchema(field, schema), schema) : coerce(only ?? '', field, schema)
  if ('value' in result) return result.value
  throw usageError(`--input ${key}=${texts.join(',')} is not ${result.expected}`)
}

function fieldOf(key: string, schema: ValueSchema): ValueSchema {
  const { properties = {}, additionalProperties } = resolve(schema, schema)
  const known = Object.keys(properties)
  const field = known.includes(key) ? properties[key] : undefined
  if (field !== undefined) return field
  // An object that says nothing about further fields drops them: typing one is a mistake all the same.
  if (additionalProperties === true) return {}
  if (typeof additionalProperties === 'object') return additionalProperties
  const near = closest(key, known)
  throw usageError(
    `the task has no input field ${key}`,
    near !== undefined
      ? `Did you mean ${near}?`
      : known.length > 0
        ? `It has ${known.join(', ')}.`
        : 'It takes no input.',
  )
}

function listSchema(field: ValueSchema, root: ValueSchema): ValueSchema {
  const resolved = resolve(field, root)
  if (resolved.type === 'array') return resolved
  return (
    (resolved.anyOf ?? resolved.oneOf ?? []).map((choice) => resolve(choice, root)).find((c) => c.type === 'array') ??
    {}
  )
}

/** `name=value`; the value may hold further `=`. @throws {CliError} exit 64 */
export function splitPair(pair: string, flag: string, example: string): [string, string] {
  const at = pair.indexOf('=')
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
  throw usageError(`${flag} ${pair} is not NAME=VALUE`, `For example: ${flag} ${example}.`)
}

async function readObject(file: string, stdin: NodeJS.ReadableStream): Promise<Record<string, unknown>> {
  const name = file === '-' ? 'standard input' : file
  let content: string
  try {
    content = file === '-' ? await readAll(stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw usageError(`the input file ${name} cannot be read: ${notThere(error) ?? reason(error)}`, 'Check the path.')
  }
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (error) {
    throw usageError(`${name} is not JSON: ${reason(error)}`, 'The input is one JSON object.')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw usageError(`${name} is not a JSON object`, 'The input is one JSON object: {"course": "…"}.')
}

/** `undefined` unless the error says that there is no such file. */
export function notThere(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it does not exist' : undefined
}
