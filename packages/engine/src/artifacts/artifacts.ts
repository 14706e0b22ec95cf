import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { type ByteRange, type DefinitionShape, isFinal, type KeepRule, type ObjectStore } from '@errand/task'
import { type Selectable, sql, type Transaction } from 'kysely'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { ClaimLost, Problem } from '../problem.ts'
import { artifactKey, safeFilename } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'
import type { ArtifactSink, ArtifactView, ClaimRef } from '../types.ts'

export type ArtifactRow = Selectable<Tables['artifacts']>

/** Outputs: written as streams, sealed with the step that wrote them, gone when they should be. */
export class Artifacts {
  readonly #db: Db
  readonly #storages: Storages
  readonly #logger: Logger

  constructor(db: Db, storages: Storages, logger: Logger) {
    this.#db = db
    this.#storages = storages
    this.#logger = logger
  }

  /**
   * Begins a file in a slot.
   *
   * @throws {ClaimLost} when the attempt is no longer the step's current one
   */
  async open(
    claim: ClaimRef,
    slot: string,
    shape: DefinitionShape['artifacts'][string],
    options: { definition: string; filename: string; mediaType?: string },
  ): Promise<ArtifactSink> {
    const id = uuidv7()
    const filename = safeFilename(options.filename)
    const storage = this.#storages.route(options.definition, slot)
    const { rows } = await sql<{ key: string }>`
      INSERT INTO errand.artifacts (id, task_id, step, lease, slot, filename, media_type, visibility, keep, storage, key, state)
      SELECT ${id}::uuid, s.task_id, s.name, s.lease, ${slot}, ${filename}, ${options.mediaType ?? shape.mediaType},
        ${shape.visibility}, ${JSON.stringify(shape.keep)}::jsonb, ${storage}, '', 'writing'
      FROM errand.steps s
      WHERE s.task_id = ${claim.taskId}::uuid AND s.name = ${claim.step} AND s.lease = ${claim.lease} AND s.state = 'running'
      RETURNING (SELECT jsonb_build_object('scope', t.scope, 'definition', t.definition)::text
        FROM errand.tasks t WHERE t.id = task_id) AS key`.execute(this.#db)
    const [found] = rows
    if (found === undefined) throw new ClaimLost('The attempt is over; its output is not taken.')
    const about = JSON.parse(found.key) as { scope: string; definition: string }
    const key = artifactKey({ ...about, task: claim.taskId, slot, artifact: id, filename })
    await this.#db.updateTable('artifacts').set({ key }).where('id', '=', id).execute()
    return this.#sink(id, this.#storages.get(storage), key)
  }

  #sink(id: string, store: ObjectStore, key: string): ArtifactSink {
    const stream = store.write(key)
    const hash = createHash('sha256')
    let size = 0
    let broken: Error | undefined
    stream.on('error', (error) => {
      broken = error
    })
    return {
      id,
      write: async (chunk) => {
        if (broken) throw storageFailed(broken)
        hash.update(chunk)
        size += chunk.length
        if (stream.write(chunk)) return
        // Whichever does not come must not be listened for any longer: a big file waits thousands of times.
        const waited = new AbortController()
        const { signal } = waited
        await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })])
          .catch((error: unknown) => {
            throw storageFailed(error)
          })
          .finally(() => waited.abort())
        if (broken) throw storageFailed(broken)
      },
      close: async () => {
        try {
          await new Promise<void>((resolve, reject) => {
            stream.once('error', reject)
            if (broken) reject(broken)
            // The callback is called for a failure as well, and before 'error' is heard of.
            else stream.end((error?: Error | null) => (error ? reject(error) : resolve()))
          })
        } catch (error) {
          throw storageFailed(error)
        }
        const sha256 = hash.digest('hex')
        await debugPoint('before-seal')
        const { numUpdatedRows } = await this.#db
          .updateTable('artifacts')
          .set({ size, sha256 })
          .where('id', '=', id)
          .where('state', '=', 'writing')
          .executeTakeFirst()
        if (numUpdatedRows === 0n) {
          // Another attempt has taken its place, and the sweep may have been here before these bytes were.
          await store.delete(key)
          throw new ClaimLost('The attempt is over; its output is not taken.')
        }
        return { size, sha256 }
      },
      abort: async () => {
        stream.destroy()
        await this.#end(this.#db, sql`id = ${id}::uuid`, 'the step did not finish it', 'errand')
      },
    }
  }

  /**
   * The step has completed: what its attempt wrote becomes available, and whatever else lies in those slots goes.
   *
   * @returns artifacts whose bytes are to be removed once the transaction has been committed
   */
  async seal(trx: Transaction<Tables>, claims: readonly ClaimRef[]): Promise<string[]> {
    if (claims.length === 0) return []
    const { rows } = await sql<{ id: string; state: string }>`
      WITH mine AS (
        SELECT a.id, a.task_id, a.step, a.slot, a.keep,
          a.size IS NOT NULL AND a.lease = x.lease
            AND a.id::text = max(a.id::text) FILTER (WHERE a.size IS NOT NULL AND a.lease = x.lease) OVER (PARTITION BY a.task_id, a.slot) AS good
        FROM errand.artifacts a
        JOIN jsonb_to_recordset(${JSON.stringify(claims)}::jsonb) AS x ("taskId" uuid, step text, lease text)
          ON a.task_id = x."taskId" AND a.step = x.step
        WHERE a.state = 'writing'
      )
      UPDATE errand.artifacts a SET
        state = CASE WHEN m.good THEN 'available' ELSE 'deleted' END,
        expires_at = CASE
          WHEN NOT m.good OR jsonb_typeof(m.keep) = 'string' THEN NULL
          ELSE least(now() + make_interval(secs => 86400 * (m.keep->>'days')::float8), (m.keep->>'until')::timestamptz) END,
        ended_at = CASE WHEN m.good THEN NULL ELSE now() END,
        ended_by = CASE WHEN m.good THEN NULL ELSE 'errand' END,
        ended_reason = CASE WHEN m.good THEN NULL ELSE 'another attempt wrote it again' END
      FROM mine m WHERE a.id = m.id
      RETURNING a.id, a.state`.execute(trx)
    return rows.filter(({ state }) => state === 'deleted').map(({ id }) => id)
  }

  /** What attempts that are over have left unfinished goes. @returns whose bytes are to be removed after the commit */
  async discard(trx: Transaction<Tables>, steps: readonly { taskId: string; step: string }[]): Promise<string[]> {
    if (steps.length === 0) return []
    return this.#end(
      trx,
      sql`state = 'writing' AND (task_id, step) IN (SELECT x."taskId", x.step
        FROM jsonb_to_recordset(${JSON.stringify(steps)}::jsonb) AS x ("taskId" uuid, step text))`,
      'the step did not finish it',
      'errand',
    )
  }

  async #end(
    db: Db | Transaction<Tables>,
    which: ReturnType<typeof sql<boolean>>,
    reason: string,
    by: string,
  ): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      UPDATE errand.artifacts SET state = 'deleted', ended_at = now(), ended_reason = ${reason}, ended_by = ${by}
      WHERE ${which} AND state IN ('writing', 'available') RETURNING id`.execute(db)
    return rows.map(({ id }) => id)
  }

  /** Ends the row's access first; the bytes follow. */
  async delete(row: ArtifactRow, by: string): Promise<void> {
    if (isFinal('artifact', row.state)) return
    await this.purge(await this.#end(this.#db, sql`id = ${row.id}::uuid`, 'deleted by a user', by))
  }

  /** Removes the bytes of what is gone from the record; what cannot be removed now is left to the sweep. */
  async purge(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      try {
        const row = await this.find(id)
        if (row === undefined || row.purged_at !== null) continue
        if (row.key !== '') await this.#storages.get(row.storage).delete(row.key)
        await this.#db.updateTable('artifacts').set({ purged_at: sql`now()` }).where('id', '=', id).execute()
      } catch (error) {
        this.#logger.warn({ err: error, artifact: id }, 'the bytes of an artifact could not be removed yet')
      }
    }
  }

  /** Lets expire what is due, and removes bytes that are still there. @returns how many artifacts it has dealt with */
  async sweep(limit = 500): Promise<number> {
    await sql`
      UPDATE errand.artifacts SET state = 'expired', ended_at = now(), ended_reason = 'kept as long as was said', ended_by = 'errand'
      WHERE state = 'available' AND expires_at <= now()`.execute(this.#db)
    const due = await this.#db
      .selectFrom('artifacts')
      .select('id')
      .where('state', 'in', ['deleted', 'expired', 'consumed'])
      .where('purged_at', 'is', null)
      .orderBy('ended_at')
      .limit(limit)
      .execute()
    await this.purge(due.map(({ id }) => id))
    return due.length
  }

  /** How many files are gone from the record and not yet from the storage. */
  async unpurged(): Promise<number> {
    const { count } = await this.#db
      .selectFrom('artifacts')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', 'in', ['deleted', 'expired', 'consumed'])
      .where('purged_at', 'is', null)
      .executeTakeFirstOrThrow()
    return Number(count)
  }

  async find(id: string): Promise<ArtifactRow | undefined> {
    return this.#db.selectFrom('artifacts').selectAll().where('id', '=', id).executeTakeFirst()
  }

  /** Those of the tasks that a user may meet: not the remains of attempts that failed. */
  async ofTasks(ids: readonly string[]): Promise<ArtifactRow[]> {
    if (ids.length === 0) return []
    return this.#db
      .selectFrom('artifacts')
      .selectAll()
      .where(sql<boolean>`task_id = ANY(${[...ids]}::uuid[])`)
      .where(({ eb, or, and }) =>
        or([
          eb('state', 'in', ['available', 'expired', 'consumed']),
          and([eb('state', '=', 'deleted'), eb('ended_by', '!=', 'errand')]),
        ]),
      )
      .orderBy('id')
      .execute()
  }

  /** @throws {Problem} `artifact-gone`, `artifact-unfinished` */
  read(row: ArtifactRow, range?: ByteRange): Readable {
    if (row.state === 'writing') {
      throw new Problem({
        code: 'artifact-unfinished',
        status: 409,
        title: 'The file is still being written',
        hint: 'Wait until its step has completed.',
      })
    }
    if (row.state !== 'available') {
      throw new Problem({
        code: 'artifact-gone',
        status: 410,
        title: 'The file is gone',
        detail: `${row.filename} was ${row.state} at ${row.ended_at?.toISOString() ?? 'an unknown time'} by ${row.ended_by ?? 'errand'}: ${row.ended_reason ?? 'no reason given'}.`,
        hint: 'Run the task again to make it anew.',
        extensions: { task: row.task_id },
      })
    }
    return this.#storages.get(row.storage).read(row.key, range)
  }
}

function storageFailed(cause: unknown): Problem {
  return new Problem({
    code: 'storage-failed',
    status: 503,
    title: 'The storage did not take the file',
    detail: cause instanceof Error ? cause.message : String(cause),
    hint: 'Check the storage; the step is tried again.',
    cause,
  })
}

/** An artifact as people and programs see it. */
export function artifactView(row: ArtifactRow, title: string): ArtifactView {
  const keep: KeepRule = row.keep
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
    keep,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    endedReason: row.ended_reason,
    endedBy: row.ended_by,
  }
}
