import { isTaskFailure, type Pack, packOf, TaskFailure } from '@errand/task'
import type { PackSource } from './messages.ts'

/** A pack with its options checked. */
export interface LoadedPack {
  name: string
  pack: Pack
  options: unknown
  stores: ReturnType<Pack['configure']>['stores']
}

/**
 * Imports the pack and checks its options.
 *
 * @throws {TaskFailure} `pack-load-failed`, `pack-empty` or `pack-options-invalid`, naming the pack
 */
export async function loadPack(source: PackSource): Promise<LoadedPack> {
  let module: Record<string, unknown>
  try {
    module = await import(source.url)
  } catch (error) {
    throw loadFailure(source, error)
  }
  const pack = packOf(source.name, module)
  try {
    return { name: source.name, pack, ...pack.configure(source.options) }
  } catch (error) {
    throw isTaskFailure(error) ? error : loadFailure(source, error)
  }
}

function loadFailure(source: PackSource, error: unknown): TaskFailure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return new TaskFailure({
    code: 'pack-load-failed',
    title: `The pack ${source.name} could not be loaded`,
    detail: `${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}${place(error)}`,
    hint:
      code === 'ERR_MODULE_NOT_FOUND'
        ? 'Install what the pack imports: run npm install where the pack is.'
        : `Correct the pack, whose module is ${source.url}, and start the worker again.`,
    cause: error,
  })
}

/** ` (file:line:column)` of the first line of the stack that is not Node's own. */
function place(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return ''
  const found = /(?:at .*?\(?|^)((?:file:\/\/)?\/[^\s()]+:\d+(?::\d+)?)\)?/m.exec(error.stack)
  return found?.[1] === undefined ? '' : ` (${found[1]})`
}
