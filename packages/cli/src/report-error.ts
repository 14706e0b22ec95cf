import { ApiProblem, ServerUnreachable } from '@errand/client'
import { CommanderError } from 'commander'
import { CliError } from './cli-error.ts'
import { type ExitCode, exitCode } from './exit-codes.ts'
import { oneLine } from './format/table.ts'

/** What a person reads of an error, and the exit code that goes with it. */
export interface ErrorReport {
  /** `error: what. hint`, or empty when all is said. */
  text: string
  exit: ExitCode
}

/** Problems that mean the command was not used right. */
const usageCodes: ReadonlySet<string> = new Set([
  'definition-unknown',
  'input-invalid',
  'upload-missing',
  'upload-unknown',
  'request-invalid',
])

/** Turns whatever was thrown into what the user reads. */
export function reportError(error: unknown, command = 'errand'): ErrorReport {
  if (error instanceof CliError) return { text: line(error.message, error.hint), exit: error.exit }
  if (error instanceof CommanderError) return fromCommander(error, command)
  if (error instanceof ServerUnreachable) {
    const hint = 'Start it with errand serve, or name another with --server or ERRAND_SERVER.'
    return { text: line(error.message, hint), exit: exitCode.unavailable }
  }
  if (isExplained(error)) {
    const what = [error.title, error.detail].filter((part) => part !== '').join(': ')
    return { text: line(what, error.hint), exit: exitOf(error) }
  }
  const text = error instanceof Error ? error.message : String(error)
  const stack = process.env.ERRAND_DEBUG && error instanceof Error ? `\n${error.stack}` : ''
  const hint = stack === '' ? 'Run it again with ERRAND_DEBUG=1 for the technical record.' : undefined
  return { text: line(`unexpected: ${oneLine(text)}`, hint) + stack, exit: exitCode.failed }
}

interface Explained {
  code: string
  title: string
  detail: string
  hint?: string | undefined
  status?: number
}

/** Ours, told by their names: the engine, whose class Problem is, need not be loaded to read one. */
function isExplained(error: unknown): error is Explained {
  if (error instanceof ApiProblem) return true
  return error instanceof Error && (error.name === 'Problem' || error.name === 'TaskFailure') && 'title' in error
}

function exitOf(error: { code: string; status?: number }): ExitCode {
  if (error.status === 401 || error.status === 403) return exitCode.notPermitted
  return usageCodes.has(error.code) ? exitCode.usage : exitCode.failed
}

function fromCommander(error: CommanderError, command: string): ErrorReport {
  if (error.exitCode === 0) return { text: '', exit: exitCode.ok }
  // The help was printed: the command was called without what it needs to know.
  if (error.code === 'commander.help') return { text: '', exit: exitCode.usage }
  const [what = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n')
  const near = suggestion.replace(/^\((.*)\)$/, '$1')
  return { text: line(what, [near, `Run ${command} --help.`].filter(Boolean).join(' ')), exit: exitCode.usage }
}

function line(what: string, hint: string | undefined): string {
  const sentence = /[.!?]$/.test(what) ? what : `${what}.`
  return `error: ${sentence}${hint === undefined ? '' : ` ${hint}`}`
}
