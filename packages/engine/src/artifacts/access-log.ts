import type { ByteRange } from '@errand/task'
import { sql } from 'kysely'
import { actorOf } from '../access/policy.ts'
import { clockNow } from '../database/clock.ts'
import type { AccessEntry, Principal } from '../types.ts'
import type { ArtifactRecord } from './rows.ts'

/** Who downloaded, extended or deleted which file, and when. An entry goes only with its task. */
export class AccessLog {
  readonly #record: ArtifactRecord

  constructor(record: ArtifactRecord) {
    this.#record = record
  }

  /** @returns the entry's number, to tell how a download ended */
  async write(
    artifact: string,
    action: AccessEntry['action'],
    who: Pick<Principal, 'id' | 'name' | 'actor'>,
    more: { delivery?: string; range?: ByteRange | undefined } = {},
  ): Promise<number> {
    const { id } = await this.#record.db
      .insertInto('artifact_access')
      .values({
        artifact_id: artifact,
        action,
        actor: actorOf(who),
        actor_name: who.name,
        delivery: more.delivery ?? null,
        range_start: more.range?.start ?? null,
        range_end: more.range?.end ?? null,
        at: clockNow(this.#record.clock),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  async ended(id: number, bytes: number, complete: boolean): Promise<void> {
    await this.#record.db.updateTable('artifact_access').set({ bytes, complete }).where('id', '=', id).execute()
  }

  /** What the sweep does of itself, in one statement with it. */
  ofMany(action: AccessEntry['action'], artifacts: ReturnType<typeof sql<unknown>>) {
    return sql`INSERT INTO errand.artifact_access (artifact_id, action, actor, actor_name, at)
      SELECT id, ${action}, 'errand', 'errand', ${clockNow(this.#record.clock)} FROM ${artifacts}`
  }

  /** The newest first. */
  async read(artifact: string, limit: number): Promise<AccessEntry[]> {
    const rows = await this.#record.db
      .selectFrom('artifact_access')
      .selectAll()
      .where('artifact_id', '=', artifact)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      action: row.action,
      who: { id: row.actor, name: row.actor_name },
      delivery: row.delivery,
      range: row.range_start === null ? null : { start: row.range_start, end: row.range_end },
      bytes: row.bytes,
      complete: row.complete,
      at: row.at,
    }))
  }
}
