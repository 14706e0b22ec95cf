import { databaseAway, isDatabaseAway, isProblem, Problem } from '@errand/engine'
import { isTaskFailure } from '@errand/task'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { RETRY_AFTER_SECONDS } from '../config.ts'
import type { ServerEnv } from '../context.ts'

/** RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json'

/** An error as an RFC 9457 problem; what is no problem of ours is logged, and told only by its reference. */
export function problemResponse(error: unknown, c: Context<ServerEnv>): Response {
  const problem = problemOf(error, c)
  const headers: Record<string, string> = { 'Content-Type': PROBLEM_TYPE, 'Cache-Control': 'no-store' }
  if (problem.status === 401) headers['WWW-Authenticate'] = 'Bearer realm="Errand"'
  if (problem.status === 503) headers['Retry-After'] = String(RETRY_AFTER_SECONDS)
  return c.body(JSON.stringify(problemJson(problem)), problem.status as ContentfulStatusCode, headers)
}

/** The members of RFC 9457, ours (`code`, `hint`), and the problem's own; its own cannot replace the others. */
export function problemJson(problem: Problem): Record<string, unknown> {
  return {
    ...problem.extensions,
    type: `urn:errand:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  }
}

/** What an error is to whoever asked; what is no problem of ours is logged, and told only by its reference. */
export function problemOf(error: unknown, c: Context<ServerEnv>): Problem {
  if (isProblem(error)) return error
  if (isTaskFailure(error)) {
    const { code, title, detail, hint } = error
    return new Problem({ code, status: 422, title, detail, ...(hint === undefined ? {} : { hint }) })
  }
  if (error instanceof HTTPException) return fromHttpException(error, c)
  if (isDatabaseAway(error)) {
    c.get('log').warn({ err: error }, 'A request met a database that is away')
    return databaseAway(error)
  }
  const reference = c.get('requestId')
  c.get('log').error({ err: error, reference }, 'A request failed unexpectedly')
  return new Problem({
    code: 'unexpected',
    status: 500,
    title: 'Something went wrong that we did not expect',
    detail: 'The technical details were recorded.',
    hint: `Try again; if it happens again, quote the reference ${reference} to support.`,
    extensions: { reference },
  })
}

/** What the framework itself refuses: a body that is not JSON, or of a media type that the route does not take. */
function fromHttpException(error: HTTPException, c: Context<ServerEnv>): Problem {
  if (error.status === 415) {
    return new Problem({
      code: 'media-type-unsupported',
      status: 415,
      title: 'This kind of content is not taken here',
      detail: `The Content-Type is ${c.req.header('content-type') ?? 'missing'}.`,
      hint: 'Send JSON, with Content-Type: application/json.',
    })
  }
  if (error.status === 400) {
    return new Problem({
      code: 'json-malformed',
      status: 400,
      title: 'The request is not valid JSON',
      detail: error.message,
      hint: 'Check for missing quotes, commas and brackets.',
    })
  }
  return new Problem({
    code: 'request-refused',
    status: error.status,
    title: error.message || 'The request was refused',
  })
}
