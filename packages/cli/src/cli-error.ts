import { type ExitCode, exitCode } from './exit-codes.ts'

/**
 * What stops a command, as its user reads it: `error: what. hint`.
 *
 * @example
 * ```ts
 * throw new CliError('the file notes.txt does not exist', { hint: 'Check the path.', exit: exitCode.usage })
 * ```
 */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly hint: string | undefined
  readonly exit: ExitCode

  constructor(what: string, options: { hint?: string | undefined; exit?: ExitCode; cause?: unknown } = {}) {
    super(what, { cause: options.cause })
    this.hint = options.hint
    this.exit = options.exit ?? exitCode.failed
  }
}

/** Bad usage: exit 64, and where the command's help is. */
export function usageError(what: string, hint?: string): CliError {
  return new CliError(what, { hint, exit: exitCode.usage })
}
