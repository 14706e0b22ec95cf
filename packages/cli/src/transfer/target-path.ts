import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import filenamify from 'filenamify'
import { usageError } from '../cli-error.ts'

/** Characters of a file name: below the 255 bytes of most file systems for any alphabet, with room for `.part`. */
const NAME_LIMIT = 80

/**
 * Where a download goes: the path that was asked for, in the folder that was, or here under the file's own name.
 *
 * @throws {CliError} exit 64 when there is a file already
 */
export async function targetPath(filename: string, wanted: string | undefined, force: boolean): Promise<string> {
  const asked = wanted === undefined ? '.' : wanted
  const path = (await isFolder(asked)) ? join(asked, safeName(filename)) : asked
  const absolute = resolve(path)
  if (!force && (await exists(absolute))) {
    throw usageError(`${path} exists already`, 'Choose another with -o PATH, or overwrite it with --force.')
  }
  return absolute
}

/**
 * The name without what could leave the folder, hide the file, or not be a name on another system.
 *
 * @example
 * ```ts
 * safeName('../../.bashrc') // 'bashrc'
 * ```
 */
export function safeName(filename: string): string {
  const last = filename.split(/[/\\]/).at(-1) ?? ''
  const visible = last.replace(/\p{Cc}|\p{Cf}/gu, '').replace(/^[.\s-]+/, '')
  if (visible === '') return 'download'
  return filenamify(visible, { replacement: '_', maxLength: NAME_LIMIT }).replace(/^[.\s-]+/, '_')
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
