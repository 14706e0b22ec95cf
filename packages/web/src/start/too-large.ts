import type { DefinitionShape } from '@errand/client'
import { bytes } from '../words/units.ts'

/**
 * Why a file would be refused for its size, or `undefined` where it would not: the server says so as well, but only once all
 * of it is there, which can be an hour later.
 */
export function whyTooLarge(
  { maxSize }: Pick<DefinitionShape['uploads'][string], 'maxSize'>,
  file: Pick<File, 'size'> | undefined,
): string | undefined {
  if (file === undefined || maxSize === undefined || file.size <= maxSize) return undefined
  return `It has ${bytes(file.size)}; at most ${bytes(maxSize)} are taken.`
}
