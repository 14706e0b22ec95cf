import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { packFolder } from './pack-folder.ts'

/** Where the sample course and the sample library lie, unpacked. */
export const SAMPLE_FOLDER: string = join(import.meta.dirname, '../sample')

/** The samples: a course with every kind of thing that courses hold, and a small library. */
export type SampleKind = 'course' | 'library'

/** The key each sample says it has. */
export const SAMPLE_KEYS: Readonly<Record<SampleKind, string>> = {
  course: 'course-v1:Errand+TIDES101+2026',
  library: 'library-v1:Errand+TIDEBANK',
}

/**
 * A sample as a .tar.gz, as an export of it would be, to try an import with.
 *
 * @example
 * ```ts
 * await pipeline(packSample(), createWriteStream('sample.tar.gz'))
 * ```
 */
export function packSample(kind: SampleKind = 'course'): Readable {
  return packFolder(join(SAMPLE_FOLDER, kind), kind)
}
