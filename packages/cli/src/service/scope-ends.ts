import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ScopeEnds } from '@errand/engine'
import { CliError } from '../cli-error.ts'
import { exitCode } from '../exit-codes.ts'

/**
 * The platform's own answer to when a scope ends.
 *
 * @throws {CliError} exit 78 when the module cannot be loaded, or exports no function
 */
export async function loadScopeEnds(module: string): Promise<ScopeEnds> {
  let found: unknown
  try {
    const loaded: { default?: unknown } = await import(isAbsolute(module) ? pathToFileURL(module).href : module)
    found = loaded.default
  } catch (error) {
    throw unusable(module, error instanceof Error ? error.message : String(error), error)
  }
  if (typeof found !== 'function') throw unusable(module, 'its default export is no function')
  return async (scope) => {
    const ends: unknown = await found(scope)
    if (ends === null || ends === undefined) return null
    if (ends instanceof Date && !Number.isNaN(ends.getTime())) return ends
    throw new TypeError(`scopeEnds gave ${String(ends)} for ${scope}, which is no Date and not null.`)
  }
}

function unusable(module: string, why: string, cause?: unknown): CliError {
  return new CliError(`scopeEnds: ${module} cannot be used: ${why}`, {
    hint: 'Write: export default async (scope) => new Date(…), or null where the scope has no end.',
    exit: exitCode.configuration,
    cause,
  })
}
