import { TaskFailure } from '@errand/task'
import { JSON_DEPTH_LIMIT } from './config.ts'

/**
 * What keeps a value from being JSON, with the place: `rows[3].when is a Date`. `undefined` when nothing does.
 * Stricter than `JSON.stringify`, which loses a Map and turns a Date into text without a word: whoever reads
 * the value later would find something else than was kept.
 */
export function jsonProblem(value: unknown): string | undefined {
  const above = new Set<object>()
  const visit = (inner: unknown, path: string, depth: number): string | undefined => {
    if (inner === null || typeof inner === 'string' || typeof inner === 'boolean') return undefined
    if (typeof inner === 'number') return Number.isFinite(inner) ? undefined : `${path} is ${inner}`
    if (typeof inner !== 'object') return `${path} is ${article(typeof inner)}`
    if (above.has(inner)) return `${path} contains itself`
    if (depth >= JSON_DEPTH_LIMIT) return `${path} is nested deeper than ${JSON_DEPTH_LIMIT} levels`
    above.add(inner)
    let problem: string | undefined
    if (Array.isArray(inner)) {
      for (let index = 0; index < inner.length && problem === undefined; index += 1) {
        problem = visit(inner[index], `${path}[${index}]`, depth + 1)
      }
    } else if (isPlain(inner)) {
      for (const [key, member] of Object.entries(inner)) {
        // JSON.stringify leaves these out, which is what an optional member means.
        if (member === undefined) continue
        problem = visit(
          member,
          /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
          depth + 1,
        )
        if (problem !== undefined) break
      }
    } else {
      problem = `${path} is ${article(inner.constructor?.name || 'object of a class')}`
    }
    above.delete(inner)
    return problem
  }
  return visit(value, 'it', 0)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function article(noun: string): string {
  if (noun === 'undefined') return noun
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`
}

/** What is kept as JSON: how its failures are named, and how big it may be. */
export interface JsonSubject {
  /** Begins the failure's code: `result` makes `result-invalid` and `result-too-large`. */
  code: 'result' | 'checkpoint' | 'once' | 'migrate'
  /** In the author's words: `The result of the step "read"`. */
  name: string
  /** In bytes. */
  limit: number
}

/**
 * The value as JSON text. `undefined`, which a handler returns that returns nothing, is `null`.
 *
 * @throws {TaskFailure} `…-invalid` naming the member that is not JSON, `…-too-large` with size and limit
 */
export function toJsonText(value: unknown, subject: JsonSubject): string {
  const given = value === undefined ? null : value
  const problem = jsonProblem(given)
  if (problem !== undefined) {
    throw new TaskFailure({
      code: `${subject.code}-invalid`,
      title: `${subject.name} cannot be kept`,
      detail: `It must be JSON, but ${problem}.`,
      hint: 'Return plain objects, arrays, texts, finite numbers, booleans and null; a Date as toISOString(), a Map as entries.',
    })
  }
  const text = JSON.stringify(given)
  const size = Buffer.byteLength(text)
  if (size > subject.limit) {
    throw new TaskFailure({
      code: `${subject.code}-too-large`,
      title: `${subject.name} is too large`,
      detail: `It has ${size} bytes as JSON; ${subject.limit} are allowed.`,
      hint: 'Write what is big into an artifact or a store of the pack, and keep only where it is.',
    })
  }
  return text
}
