import { type DefinitionShape, isFinal } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import type { Logger } from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'
import { ClaimLost, Problem } from '../problem.ts'
import { attachment } from '../storage/disposition.ts'
import { artifactKey, safeFilename } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'
import type { AccessEntry, ArtifactSink, ClaimRef, Delivered, DeliveryWish, Principal } from '../types.ts'
import { AccessLog } from './access-log.ts'
import { deliver } from './deliver.ts'
import { askScopeEnds, expiry, extend, type ScopeEnds } from './keep.ts'
import { type Quota, Quotas } from './quota.ts'
import type { ArtifactRecord, ArtifactRow } from './rows.ts'
import { openSink } from './sink.ts'
import { notAvailable } from './view.ts'

/** What the room may be told. */
export interface ArtifactOptions {
  /** Default: the database's own. */
  clock?: Clock
  quota?: Quota
  /** Asked about outputs that are kept until their scope ends; without it they are kept. */
  scopeEnds?: ScopeEnds
}

/** Outputs: written as streams, sealed with the step that wrote them, gone when they should be. */
export class Artifacts {
  readonly #db: Db
  readonly #record: ArtifactRecord
  readonly #storages: Storages
  readonly #logger: Logger
  readonly #log: AccessLog
  readonly #scopeEnds: ScopeEnds | undefined
  /** Storage in use, and its limits. */
  readonly quotas: Quotas

  constructor(db: Db, storages: Storages, logger: Logger, options: ArtifactOptions = {}) {
    this.#db = db
    this.#record = { db, clock: options.clock ?? { offsetSeconds: 0 } }
    this.#storages = storages
    this.#logger = logger
    this.#log = new AccessLog(this.#record)
    this.#scopeEnds = options.scopeEnds
    this.quotas = new Quotas(this.#record, options.quota)
  }

  /**
   * Begins a file in a slot.
   *
   * @throws {ClaimLost} when the attempt is no longer the step's current one
   * @throws {Problem} `quota-exceeded` from a write, when the scope has no room for it
   */
  async open(
    claim: ClaimRef,
    slot: string,
    shape: DefinitionShape['artifacts'][string],
    options: { definition: string; filename: string; mediaType?: string; handedOver?: boolean; continues?: string },
  ): Promise<ArtifactSink> {
    const id = uuidv7()
    const filename = safeFilename(options.filename)
    const storage = this.#storages.route(options.definition, slot)
    const { rows } = await sql<{ key: string }>`
      INSERT INTO errand.artifacts (id, task_id, step, lease, slot, filename, media_type, visibility, keep, storage, key, state, continues)
      SELECT ${id}::uuid, s.task_id, s.name, s.lease, ${slot}, ${filename}, ${options.mediaType ?? shape.mediaType},
        ${shape.visibility}, ${JSON.stringify(shape.keep)}::jsonb, ${storage}, '', 'writing', ${options.continues ?? null}::uuid
      FROM errand.steps s
      WHERE s.task_id = ${claim.taskId}::uuid AND s.name = ${claim.step} AND s.lease = ${claim.lease} AND s.state = 'running'
      RETURNING (SELECT jsonb_build_object('scope', t.scope, 'definition', t.definition)::text
        FROM errand.tasks t WHERE t.id = task_id) AS key`.execute(this.#db)
    const [found] = rows
    if (found === undefined) throw new ClaimLost('The attempt is over; its output is not taken.')
    const about = JSON.parse(found.key) as { scope: string; definition: string }
    const key = artifactKey({ ...about, task: claim.taskId, slot, artifact: id, filename })
    await this.#db.updateTable('artifacts').set({ key }).where('id', '=', id).execute()
    const check = (written: number) => this.quotas.checkWriting(id, written, about.scope)
    return openSink(this.#db, this.#storages.get(storage), {
      id,
      key,
      about: {
        mediaType: options.mediaType ?? shape.mediaType,
        disposition: attachment(filename),
        handedOver: options.handedOver ?? false,
      },
      check,
      end: () => this.#end(this.#db, sql`id = ${id}::uuid`, 'the step did not finish it', 'errand'),
    })
  }

  /** What one of these steps of the task has left in the slot, the newest, for a step that goes on with it. */
  async leftBy(
    taskId: string,
    slot: string,
    steps: readonly string[],
  ): Promise<{ id: string; read(): AsyncIterable<Uint8Array> } | undefined> {
    if (steps.length === 0) return undefined
    const row = await this.#db
      .selectFrom('artifacts')
      .select(['id', 'storage', 'key'])
      .where('task_id', '=', taskId)
      .where('slot', '=', slot)
      .where('step', 'in', steps)
      .where('state', '=', 'available')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && { id: row.id, read: () => this.#storages.get(row.storage).read(row.key) }
  }

  /**
   * The step has completed: what its attempt wrote becomes available, and what other attempts of it have left goes. What it
   * went on with ({@link leftBy}) goes as well: it is in what is sealed now.
   *
   * @returns artifacts whose bytes are to be removed once the transaction has been committed
   */
  async seal(trx: Transaction<Tables>, claims: readonly ClaimRef[]): Promise<string[]> {
    if (claims.length === 0) return []
    const now = clockNow(this.#record.clock)
    const expires = expiry({
      keep: sql`m.keep`,
      availableAt: sql`${now}`,
      scopeEndsAt: sql`NULL::timestamptz`,
      extendedUntil: sql`NULL::timestamptz`,
    })
    const { rows } = await sql<{ id: string; state: string; continues: string | null }>`
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
        available_at = CASE WHEN m.good THEN ${now} END,
        expires_at = CASE WHEN m.good THEN ${expires} END,
        ended_at = CASE WHEN m.good THEN NULL ELSE ${now} END,
        ended_by = CASE WHEN m.good THEN NULL ELSE 'errand' END,
        ended_reason = CASE WHEN m.good THEN NULL ELSE 'another attempt wrote it again' END
      FROM mine m WHERE a.id = m.id
      RETURNING a.id, a.state, a.continues`.execute(trx)
    const gone = rows.filter(({ state }) => state === 'deleted').map(({ id }) => id)
    const within = rows.flatMap(({ continues, state }) =>
      state === 'available' && continues !== null ? [continues] : [],
    )
    if (within.length === 0) return gone
    const before = sql<boolean>`state = 'available' AND id = ANY(${within}::uuid[])`
    return [...gone, ...(await this.#end(trx, before, 'a later step went on with it', 'errand'))]
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
      UPDATE errand.artifacts SET state = 'deleted', ended_at = ${clockNow(this.#record.clock)}, ended_reason = ${reason}, ended_by = ${by}
      WHERE ${which} AND state IN ('writing', 'available') RETURNING id`.execute(db)
    return rows.map(({ id }) => id)
  }

  /** Ends the row's access first; the bytes follow. */
  async delete(row: ArtifactRow, who: Principal): Promise<void> {
    if (isFinal('artifact', row.state)) return
    const ended = await this.#end(this.#db, sql`id = ${row.id}::uuid`, 'deleted by a user', who.name)
    if (ended.length > 0) await this.#log.write(row.id, 'delete', who)
    await this.purge(ended)
  }

  /** Deletes all files of a task. @returns whether their bytes are gone, too */
  async deleteAll(taskId: string, who: Principal): Promise<boolean> {
    await this.#end(this.#db, sql`task_id = ${taskId}::uuid`, 'deleted by a user', who.name)
    const left = () =>
      this.#db
        .selectFrom('artifacts')
        .select('id')
        .where('task_id', '=', taskId)
        .where('purged_at', 'is', null)
        .execute()
    await this.purge((await left()).map(({ id }) => id))
    return (await left()).length === 0
  }

  /** @throws {Problem} `artifact-gone`, `artifact-unfinished` for one that is not there to be kept */
  async extend(row: ArtifactRow, until: Date, who: Principal): Promise<void> {
    const days = (until.getTime() - Date.now()) / 86_400_000
    if (!(days <= defaults.extendDays)) throw tooLong(defaults.extendDays)
    await this.#current(row)
    if (!(await extend(this.#record, row.id, until))) throw notAvailable((await this.find(row.id)) ?? row)
    await this.#log.write(row.id, 'extend', who)
  }

  /** @throws {Problem} `artifact-gone`, `artifact-unfinished`, `artifact-in-use` */
  async deliver(row: ArtifactRow, who: Principal, wish: DeliveryWish): Promise<Delivered> {
    const rooms = {
      record: this.#record,
      storages: this.#storages,
      log: this.#log,
      purge: (ids: readonly string[]) => this.purge(ids),
    }
    return deliver(rooms, await this.#current(row), who, wish)
  }

  /** Who downloaded, extended or deleted it; the newest first. */
  accesses(id: string): Promise<AccessEntry[]> {
    return this.#log.read(id, defaults.accessEntries)
  }

  /** As it is by the clock: what is due has expired, though no sweep has been here. */
  async #current(row: ArtifactRow): Promise<ArtifactRow> {
    if (row.state !== 'available' || row.expires_at === null) return row
    await this.#expire(sql`id = ${row.id}::uuid`)
    return (await this.find(row.id)) ?? row
  }

  /** Removes the bytes of what is gone from the record; what cannot be removed now is left to the sweep. */
  async purge(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      try {
        const row = await this.find(id)
        if (row === undefined || row.purged_at !== null) continue
        if (row.key !== '') await this.#storages.get(row.storage).delete(row.key)
        await this.#db
          .updateTable('artifacts')
          .set({ purged_at: clockNow(this.#record.clock) })
          .where('id', '=', id)
          .execute()
      } catch (error) {
        this.#logger.warn({ err: error, artifact: id }, 'the bytes of an artifact could not be removed yet')
      }
    }
  }

  /** Lets expire what is due, and removes bytes that are still there. @returns how many artifacts it has dealt with */
  async sweep(limit = 500): Promise<number> {
    if (this.#scopeEnds !== undefined) await askScopeEnds(this.#record, this.#scopeEnds, this.#logger)
    await this.#expire(sql`true`)
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

  async #expire(which: ReturnType<typeof sql<boolean>>): Promise<void> {
    const now = clockNow(this.#record.clock)
    await sql`
      WITH gone AS (
        UPDATE errand.artifacts SET state = 'expired', ended_at = ${now}, ended_reason = 'kept as long as was said', ended_by = 'errand'
        WHERE state = 'available' AND expires_at <= ${now} AND ${which} RETURNING id
      ) ${this.#log.ofMany('expire', sql`gone`)}`.execute(this.#db)
  }

  /** What the next sweep will remove: how many files, and how many bytes. */
  async due(): Promise<{ count: number; bytes: number }> {
    const { rows } = await sql<{ count: number; bytes: number }>`
      SELECT count(*) AS count, coalesce(sum(coalesce(size, bytes_written)), 0)::bigint AS bytes FROM errand.artifacts
      WHERE (state = 'available' AND expires_at <= ${clockNow(this.#record.clock)})
        OR (state IN ('deleted', 'expired', 'consumed') AND purged_at IS NULL)`.execute(this.#db)
    return rows[0] ?? { count: 0, bytes: 0 }
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
}

function tooLong(days: number): Problem {
  return new Problem({
    code: 'extension-invalid',
    status: 422,
    title: 'That is too long',
    detail: `A file can be kept for ${days} more days at most.`,
    hint: 'Extend it for a shorter time, and again later.',
  })
}
