/** What the server said no with: an RFC 9457 problem. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  /** Stable and machine-readable: `task-unknown`. */
  readonly code: string
  readonly status: number
  /** What happened, in a few plain words. */
  readonly title: string
  /** The particulars. */
  readonly detail: string
  /** What one can do about it. */
  readonly hint: string | undefined
  /** Further members of the problem: `{ task: '…' }`, `{ errors: […] }`. */
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(problem: {
    code: string
    status: number
    title: string
    detail?: string
    hint?: string | undefined
    extensions?: Readonly<Record<string, unknown>>
  }) {
    super(problem.detail ? `${problem.title}: ${problem.detail}` : problem.title)
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail ?? ''
    this.hint = problem.hint
    this.extensions = problem.extensions ?? {}
  }
}

/** Nothing that can be understood came back: no connection, or one that broke. */
export class ServerUnreachable extends Error {
  override readonly name = 'ServerUnreachable'
  readonly code = 'server-unreachable'
  readonly title: string
  readonly detail: string
  readonly hint = 'Check that the server runs and that its address is right.'

  constructor(server: string, cause: unknown) {
    const detail = rootMessage(cause)
    super(`The server ${server} cannot be reached${detail ? `: ${detail}` : ''}`, { cause })
    this.title = `The server ${server} cannot be reached`
    this.detail = detail
  }
}

/** Half of an old file and half of a new one is neither; and one that is gone cannot be read on. */
export function fileChanged(filename: string): ApiProblem {
  return new ApiProblem({
    code: 'file-changed',
    status: 409,
    title: 'The file was changed while it was handed in',
    detail: `${filename} is not what it was, or where it was, when its upload began.`,
    hint: 'Choose it again once nothing writes to it any more.',
  })
}

/** `fetch` hides the reason ("connect ECONNREFUSED 127.0.0.1:4400") behind "fetch failed". */
function rootMessage(error: unknown): string {
  let current = error
  while (current instanceof Error && current.cause instanceof Error) current = current.cause
  if (current instanceof AggregateError && current.errors[0] instanceof Error) return current.errors[0].message
  return current instanceof Error ? current.message : ''
}

/** Reads the problem in a response that is no success; makes one when a proxy or another program answered. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const { status } = response
  const text = await response.text().catch(() => '')
  const isProblem = /^application\/(problem\+)?json\b/i.test(response.headers.get('content-type') ?? '')
  const body = isProblem ? parseObject(text) : undefined
  if (!body || typeof body.title !== 'string') {
    return new ApiProblem({
      code: 'http-error',
      status,
      title: `The server answered ${status} ${response.statusText}`.trimEnd(),
      detail: 'The answer is not one that Errand gives; a proxy or another program may have sent it.',
      hint: 'Check the address of the server.',
    })
  }
  const { type: _type, title, status: _status, detail, code, hint, ...extensions } = body
  return new ApiProblem({
    code: typeof code === 'string' ? code : 'http-error',
    status,
    title,
    detail: typeof detail === 'string' ? detail : '',
    hint: typeof hint === 'string' ? hint : undefined,
    extensions,
  })
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
