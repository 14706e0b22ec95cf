import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder, and those above it that are missing. Node's own `recursive` never comes back where a folder cannot be made
 * although its parent is there and the system says "no such file" of it, as it does below /proc.
 *
 * @param mode - of each folder that is made
 * @returns the topmost folder that was made; undefined when it was there
 * @example
 * ```ts
 * await makeFolder('/srv/errand/data', 0o700)
 * ```
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  const first = await makeOne(path, mode)
  if (first !== 'no parent') return first === 'made' ? path : undefined
  const top = await makeFolder(dirname(path), mode)
  const second = await makeOne(path, mode)
  if (second === 'no parent') throw new Error('no folder can be made there')
  return top ?? (second === 'made' ? path : undefined)
}

async function makeOne(path: string, mode: number | undefined): Promise<'made' | 'there' | 'no parent'> {
  try {
    await mkdir(path, mode === undefined ? {} : { mode })
    return 'made'
  } catch (error) {
    if (hasCode(error, 'ENOENT') && dirname(path) !== path) return 'no parent'
    // Some file systems say other things than EEXIST of a folder that is there.
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) return 'there'
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
