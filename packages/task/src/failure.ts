/**
 * The one shape in which Errand reports that something went wrong, to people and to programs.
 * Over HTTP it becomes an RFC 9457 problem.
 */
export interface Failure {
  /** Stable and machine-readable, kebab-case: `archive-unreadable`. */
  code: string
  /** What happened, in a few plain words. */
  title: string
  /** The particulars: which file, which line, which field. */
  detail: string
  /** What the person can do about it. */
  hint?: string
  /** Whether trying the same thing again may help. */
  retryable: boolean
  /** The step in which it happened. */
  step?: string
  /** The key of the fan-out item it happened to. */
  item?: string
  /** Quoted by the user to support, who find the technical record with it. */
  reference: string
  /** For staff only; never part of what a user is shown. */
  stack?: string
}

/** What a task author says about a failure; Errand adds the step, the item and the reference. */
export interface TaskFailureOptions {
  /** Stable, kebab-case. */
  code: string
  /** What happened, in a few plain words; shown as the heading. */
  title: string
  /** The particulars: which file, which line, which field. */
  detail?: string
  /** What the person can do about it. */
  hint?: string
  /** Whether the step's retry policy applies. Default: false, as the same input fails the same way. */
  retryable?: boolean
  /** The error behind it, kept for staff. */
  cause?: unknown
}

const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/

/**
 * Throw it for what a user can understand; it is shown exactly as written.
 * Any other error is reported as unexpected, with a reference and without its text.
 *
 * @example
 * ```ts
 * throw new TaskFailure({
 *   code: 'roster-empty',
 *   title: 'The course has no learners',
 *   detail: `Nobody is enrolled in ${course}.`,
 *   hint: 'Enrol at least one learner and run the report again.',
 * })
 * ```
 */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure'
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly hint: string | undefined
  readonly retryable: boolean

  constructor(options: TaskFailureOptions) {
    // What comes of somebody else's error may be anything, whatever its type says.
    const [title, detail] = [describe(options.title), describe(options.detail ?? '')]
    super(detail ? `${title}: ${detail}` : title, { cause: options.cause })
    if (!CODE.test(options.code)) {
      throw new TypeError(`TaskFailure code "${options.code}" must be kebab-case: a-z, 0-9 and -`)
    }
    this.code = options.code
    this.title = title
    this.detail = detail
    this.hint = options.hint === undefined ? undefined : describe(options.hint)
    this.retryable = options.retryable ?? false
  }
}

/** True for a {@link TaskFailure}, also for one made by another copy of this package. */
export function isTaskFailure(error: unknown): error is TaskFailure {
  return error instanceof Error && error.name === 'TaskFailure' && 'code' in error && 'title' in error
}

/** The longest stack kept, in characters. Longer ones repeat themselves. */
const STACK_LIMIT = 8_000
/** The longest title, detail or hint kept, in characters: a failure is read by a person. */
const TEXT_LIMIT = 4_000

/**
 * Turns whatever was thrown into the one shape. A {@link TaskFailure} is taken at its word; anything
 * else, also a thrown string or `undefined`, becomes `unexpected`: the user sees a plain sentence.
 *
 * @param reference - what the user can quote, unique to this occurrence
 */
export function toFailure(error: unknown, reference: string, step?: string): Failure {
  const where = step === undefined ? {} : { step }
  if (isTaskFailure(error)) {
    return {
      code: error.code,
      title: clip(error.title),
      detail: clip(error.detail),
      ...(error.hint === undefined ? {} : { hint: clip(error.hint) }),
      retryable: error.retryable,
      ...where,
      reference,
      stack: stackOf(error),
    }
  }
  return {
    code: 'unexpected',
    title: 'Something went wrong that we did not expect',
    detail: 'The technical details were recorded.',
    hint: `Run it again; if it fails again, quote the reference ${reference} to support.`,
    retryable: true,
    ...where,
    reference,
    stack: stackOf(error),
  }
}

function clip(value: unknown): string {
  const text = describe(value)
  return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}…` : text
}

function stackOf(error: unknown): string {
  let text: string
  if (error instanceof Error) {
    text = error.stack ?? `${error.name}: ${error.message}`
    if (error.cause !== undefined) text += `\nCaused by: ${stackOf(error.cause)}`
  } else {
    text = `Thrown, not an Error: ${describe(error)}`
  }
  return text.slice(0, STACK_LIMIT)
}

function describe(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** The failure as its user may see it: without the stack. */
export function withoutStack(failure: Failure): Failure {
  const { stack: _stack, ...shown } = failure
  return shown
}
