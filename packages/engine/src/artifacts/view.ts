import { Problem } from '../problem.ts'
import type { ArtifactView, FileRight } from '../types.ts'
import type { ArtifactPart } from './part.ts'
import type { ArtifactRow } from './rows.ts'

/** An artifact as people and programs see it. @param may - what whoever looks may do with it */
export function artifactView(row: ArtifactPart, title: string, may: readonly FileRight[] = []): ArtifactView {
  return {
    id: row.id,
    taskId: row.task_id,
    slot: row.slot,
    title,
    filename: row.filename,
    mediaType: row.media_type,
    size: row.size,
    sha256: row.sha256,
    state: row.state,
    visibility: row.visibility,
    keep: row.keep,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    endedReason: row.ended_reason,
    endedBy: row.ended_by,
    may: [...may],
  }
}

/** Why there is nothing to download, and what to do. */
export function notAvailable(row: ArtifactRow): Problem {
  if (row.state === 'writing') {
    return new Problem({
      code: 'artifact-unfinished',
      status: 409,
      title: 'The file is still being written',
      hint: 'Wait until its step has completed.',
    })
  }
  const by = row.ended_by ?? 'errand'
  const when = row.ended_at?.toISOString() ?? 'an unknown time'
  return new Problem({
    code: 'artifact-gone',
    status: 410,
    title: 'The file is gone',
    detail: `${row.filename} was ${row.state} at ${when} by ${by}: ${row.ended_reason ?? 'no reason given'}.`,
    hint: `Run the task again to make it anew: errand retry ${row.task_id}`,
    extensions: {
      task: row.task_id,
      state: row.state,
      endedAt: row.ended_at?.toISOString() ?? null,
      endedBy: by,
      endedReason: row.ended_reason,
    },
  })
}
