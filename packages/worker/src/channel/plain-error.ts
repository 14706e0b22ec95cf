import { isTaskFailure, TaskFailure } from '@errand/task'
import type { PlainError } from './messages.ts'

/** What of an error can be sent to another thread. Never throws, whatever was thrown. */
export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: printable(error) }
  const plain: PlainError = { name: error.name, message: error.message }
  if (error.stack !== undefined) plain.stack = error.stack
  if ('code' in error && typeof error.code === 'string') plain.code = error.code
  if (isTaskFailure(error)) {
    plain.title = error.title
    plain.detail = error.detail
    if (error.hint !== undefined) plain.hint = error.hint
    plain.retryable = error.retryable
  } else if (isProblemLike(error)) {
    plain.title = error.title
    plain.detail = error.detail
    if (typeof error.hint === 'string') plain.hint = error.hint
    // The server's side of the trouble may pass; the caller's does not.
    plain.retryable = error.status >= 500
  }
  return plain
}

/**
 * The error again, at the other end. What carries a title was meant for users, and is a {@link TaskFailure}
 * there, so that a handler which lets it pass fails with those very words.
 */
export function fromPlainError(plain: PlainError): Error {
  const error =
    plain.title !== undefined && plain.code !== undefined
      ? new TaskFailure({
          code: plain.code,
          title: plain.title,
          detail: plain.detail ?? '',
          ...(plain.hint === undefined ? {} : { hint: plain.hint }),
          retryable: plain.retryable ?? false,
        })
      : Object.assign(new Error(plain.message), plain.code === undefined ? {} : { code: plain.code })
  if (error.name !== plain.name && !isTaskFailure(error)) error.name = plain.name
  if (plain.stack !== undefined) error.stack = plain.stack
  return error
}

/** The engine's `Problem`, known by its members: this file also runs where the engine must not be loaded. */
function isProblemLike(
  error: Error,
): error is Error & { code: string; status: number; title: string; detail: string; hint?: unknown } {
  return (
    error.name === 'Problem' &&
    'status' in error &&
    typeof error.status === 'number' &&
    'title' in error &&
    typeof error.title === 'string' &&
    'detail' in error &&
    typeof error.detail === 'string'
  )
}

function printable(value: unknown): string {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
