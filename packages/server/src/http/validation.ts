import { Problem } from '@errand/engine'
import type { ZodError } from 'zod'

const places: Readonly<Record<string, string>> = {
  json: 'body',
  form: 'body',
  query: 'query',
  param: 'path',
  header: 'header',
  cookie: 'cookie',
}

/** One field that is not as it should be. */
export interface FieldError {
  in: string
  /** `uploads.archive`; empty for the whole. */
  field: string
  /** RFC 6901. */
  pointer: string
  detail: string
}

/**
 * Turns a failed validation into a problem that names each field.
 *
 * @throws {Problem} `request-invalid`
 */
export function refuseInvalid(result: { target: string; success: boolean; error?: ZodError }): void {
  if (result.success || !result.error) return
  const place = places[result.target] ?? result.target
  const errors = result.error.issues.flatMap((issue): FieldError[] => {
    // One value of a list in a query is not a field of its own.
    const at = result.target === 'query' ? issue.path.slice(0, 1) : issue.path
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...at, key]) : [at]
    return paths.map((path) => ({
      in: place,
      field: path.map(String).join('.'),
      pointer: path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
      detail: detailOf(issue),
    }))
  })
  throw new Problem({
    code: 'request-invalid',
    status: 400,
    title: 'The request is not valid',
    detail: errors.map(({ field, detail }) => (field ? `${field}: ${detail}` : detail)).join('; '),
    hint: 'Correct what is named and send it again.',
    extensions: { errors },
  })
}

function detailOf(issue: ZodError['issues'][number]): string {
  if (issue.code === 'unrecognized_keys') return 'There is no such field'
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'It is missing'
  return issue.message
}
