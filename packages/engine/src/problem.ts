/**
 * What a caller did wrong, or met: a stable code, an HTTP status, what happened, what to do.
 * Over HTTP it becomes an RFC 9457 problem; on the command line `error: what. hint`.
 */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly hint: string | undefined
  /** Further members of the problem: `{ task: '…' }`. */
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(options: {
    code: string
    status: number
    title: string
    detail?: string
    hint?: string
    extensions?: Readonly<Record<string, unknown>>
    cause?: unknown
  }) {
    super(options.detail ? `${options.title}: ${options.detail}` : options.title, { cause: options.cause })
    this.code = options.code
    this.status = options.status
    this.title = options.title
    this.detail = options.detail ?? ''
    this.hint = options.hint
    this.extensions = options.extensions ?? {}
  }
}

export function isProblem(error: unknown): error is Problem {
  return error instanceof Problem
}

/** Thrown to a worker that reports for an attempt which is no longer its own. Nothing was stored. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
  readonly code = 'claim-lost'
}
