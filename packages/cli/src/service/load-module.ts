import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'

/**
 * The function that a module of the platform's own exports by default.
 *
 * @param use - a package name, or a path
 * @param key - the name of it in the configuration, for the error
 * @throws {CliError} exit 78 when it cannot be loaded, or exports no function
 */
export async function loadModule<Hook extends (...given: never[]) => unknown>(use: string, key: string): Promise<Hook> {
  let found: unknown
  try {
    const specifier = /^(\.{1,2}\/|\/)/.test(use) ? pathToFileURL(resolve(use)).href : use
    found = ((await import(specifier)) as { default?: unknown }).default
  } catch (error) {
    throw new CliError(
      `the module ${use} (${key}) cannot be loaded: ${error instanceof Error ? error.message : error}`,
      {
        hint: 'Check its path in the configuration, and that it loads by itself.',
        exit: exitCode.configuration,
        cause: error,
      },
    )
  }
  if (typeof found === 'function') return found as Hook
  throw new CliError(`the module ${use} (${key}) exports no function`, {
    hint: 'Write: export default async function … .',
    exit: exitCode.configuration,
  })
}
