import type { z } from '@hono/zod-openapi'
import { problemSchema } from './schemas.ts'

const meanings = {
  400: 'The request is not valid; each field is named',
  401: 'Nobody we know',
  403: 'Not allowed',
  404: 'There is no such thing, or not for you',
  409: 'It does not fit what is there',
  410: 'It was there, and is gone',
  413: 'Too large',
  415: 'Not JSON',
  416: 'The file has no such part',
  422: 'The input does not fit the definition',
  429: 'Too many at a time',
  503: 'Not ready',
} as const

type ProblemStatus = keyof typeof meanings
interface ProblemResponse {
  description: string
  content: { 'application/problem+json': { schema: typeof problemSchema } }
}

/** A response with a JSON body. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** The problems a route may answer with, by status. */
export function problems<const Status extends ProblemStatus>(
  ...statuses: Status[]
): { [One in Status]: ProblemResponse } {
  const entries = statuses.map((status): [Status, ProblemResponse] => [
    status,
    { description: meanings[status], content: { 'application/problem+json': { schema: problemSchema } } },
  ])
  return Object.fromEntries(entries) as { [One in Status]: ProblemResponse }
}

/** The document's description of a header that a response carries. */
export function header(description: string) {
  return { description, schema: { type: 'string' as const } }
}
