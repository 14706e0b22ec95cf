import type { Claim } from '../types.ts'
import type { UploadRow } from './rows.ts'

/** A task's uploads as its claims carry them; those that have expired are left out. */
export function claimedUploads(
  ids: Readonly<Record<string, string>>,
  rows: ReadonlyMap<string, UploadRow>,
): Claim['uploads'] {
  return Object.fromEntries(
    Object.entries(ids).flatMap(([name, id]) => {
      const row = rows.get(id)
      if (row === undefined) return []
      return [[name, { filename: row.filename, mediaType: row.media_type, size: row.size, sha256: row.sha256 }]]
    }),
  )
}
