import type { Selectable } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { UploadView } from '../types.ts'

/** An upload as it is in the record, whatever of it is there. */
export type AnyUploadRow = Selectable<Tables['uploads']>

/** An upload that is there as a whole. */
export type UploadRow = AnyUploadRow & { sha256: string }

export function isWhole(row: AnyUploadRow): row is UploadRow {
  return row.state === 'complete' && row.sha256 !== null
}

export function uploadView(row: UploadRow): UploadView {
  return {
    id: row.id,
    filename: row.filename,
    mediaType: row.media_type,
    size: row.size,
    sha256: row.sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

export function uploadUnknown(id: string): Problem {
  return new Problem({
    code: 'upload-unknown',
    status: 404,
    title: 'There is no such upload',
    detail: `No upload ${id} is known to you.`,
    hint: 'Upload the file again.',
  })
}

export function uploadTooLarge(limit: number): Problem {
  return new Problem({
    code: 'upload-too-large',
    status: 413,
    title: 'The file is too large',
    detail: `At most ${limit} bytes can be uploaded.`,
    hint: 'Upload a smaller file, or ask whoever runs this service to raise the limit.',
  })
}
