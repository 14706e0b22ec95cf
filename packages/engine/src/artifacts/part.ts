import type { ExpressionBuilder } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Tables } from '../database/schema.ts'
import type { ArtifactRow } from './rows.ts'

/** What is shown of an artifact. */
export type ArtifactPart = Pick<
  ArtifactRow,
  | 'id'
  | 'task_id'
  | 'slot'
  | 'filename'
  | 'media_type'
  | 'size'
  | 'sha256'
  | 'state'
  | 'visibility'
  | 'keep'
  | 'expires_at'
  | 'created_at'
  | 'ended_at'
  | 'ended_reason'
  | 'ended_by'
>

/** A task's artifacts as a part of the query of tasks, without those that a step has given up. See {@link artifactPart}. */
export function artifactsOfTask(eb: ExpressionBuilder<Tables, 'tasks'>) {
  return jsonArrayFrom(
    eb
      .selectFrom('artifacts as a')
      .select(['a.id', 'a.task_id', 'a.slot', 'a.filename', 'a.media_type', 'a.size', 'a.sha256', 'a.state'])
      .select(['a.visibility', 'a.keep', 'a.expires_at', 'a.created_at', 'a.ended_at', 'a.ended_reason', 'a.ended_by'])
      .whereRef('a.task_id', '=', 'tasks.id')
      .where(({ and, eb: is, or }) =>
        or([
          is('a.state', 'in', ['available', 'expired', 'consumed']),
          and([is('a.state', '=', 'deleted'), is('a.ended_by', '!=', 'errand')]),
        ]),
      )
      .orderBy('a.id'),
  )
}

/** Times are text in JSON. */
type InJson<Row> = {
  [Key in keyof Row]: Row[Key] extends Date ? string : Row[Key] extends Date | null ? string | null : Row[Key]
}

/** One of what {@link artifactsOfTask} finds, with its times as times. */
export function artifactPart(row: InJson<ArtifactPart>): ArtifactPart {
  return {
    ...row,
    expires_at: row.expires_at === null ? null : new Date(row.expires_at),
    created_at: new Date(row.created_at),
    ended_at: row.ended_at === null ? null : new Date(row.ended_at),
  }
}
