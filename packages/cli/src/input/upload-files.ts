import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { DefinitionShape } from '@errand/task'
import { usageError } from '../cli-error.ts'
import { reason } from '../folder/data-folder.ts'
import { bytes } from '../format/units.ts'
import { closest } from './closest.ts'
import { notThere, splitPair } from './read-input.ts'

/** A file to hand in. */
export interface UploadFile {
  /** The definition's name for it. */
  name: string
  path: string
  filename: string
  /** In bytes. */
  size: number
}

/**
 * Checks what `--upload NAME=PATH` says against the definition, before a byte is sent.
 *
 * @throws {CliError} exit 64, naming the upload or the file
 */
export async function uploadFiles(
  pairs: readonly string[],
  shape: Pick<DefinitionShape, 'name' | 'uploads'>,
): Promise<UploadFile[]> {
  const files = new Map<string, UploadFile>()
  for (const pair of pairs) {
    const [name, path] = splitPair(pair, '--upload', 'archive=course.tar.gz')
    const declared = Object.hasOwn(shape.uploads, name) ? shape.uploads[name] : undefined
    if (declared === undefined) throw unknownUpload(name, shape)
    if (files.has(name)) throw usageError(`--upload ${name} is given twice`, `${name} takes one file.`)
    const size = await sizeOf(path)
    if (declared.maxSize !== undefined && size > declared.maxSize) {
      throw usageError(`${path} has ${bytes(size)}, and ${name} takes at most ${bytes(declared.maxSize)}`)
    }
    files.set(name, { name, path: resolve(path), filename: basename(path), size })
  }
  for (const [name, declared] of Object.entries(shape.uploads)) {
    if (!declared.optional && !files.has(name)) {
      throw usageError(`${shape.name} needs the file ${name} (${declared.title})`, `Add --upload ${name}=PATH.`)
    }
  }
  return [...files.values()]
}

function unknownUpload(name: string, shape: Pick<DefinitionShape, 'name' | 'uploads'>) {
  const known = Object.keys(shape.uploads)
  const near = closest(name, known)
  return usageError(
    `${shape.name} takes no upload ${name}`,
    near !== undefined
      ? `Did you mean ${near}?`
      : known.length > 0
        ? `It takes ${known.join(', ')}.`
        : 'It takes none.',
  )
}

async function sizeOf(path: string): Promise<number> {
  let found: Awaited<ReturnType<typeof stat>>
  try {
    found = await stat(path)
  } catch (error) {
    throw usageError(`the file ${path} cannot be read: ${notThere(error) ?? reason(error)}`, 'Check the path.')
  }
  if (!found.isFile())
    throw usageError(`${path} is not a file`, found.isDirectory() ? 'Pack the folder first.' : undefined)
  return found.size
}
