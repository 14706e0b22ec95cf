import { canonicalJson, type DefinitionShape, digestOf, parseShape } from '@errand/task'
import { type Kysely, type Selectable, sql } from 'kysely'
import { type Batched, batched } from '../batch.ts'
import { defaults } from '../config.ts'
import { isUniqueViolation } from '../database/migrate.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { type Dispatch, queueOf } from '../dispatch/dispatch.ts'
import type { DefinitionQuery, DefinitionView, WorkerInfo, WorkerView } from '../types.ts'
import { definitionConflict, definitionRetired, definitionUnknown } from './problems.ts'
import { lockName, promoteVersion, retireVersion, setPromoted } from './versions.ts'

type VersionRow = Pick<Selectable<Tables['definitions']>, 'name' | 'version' | 'promoted' | 'retired_at'>

/** Definitions and versions, and the workers that serve them. */
export class Catalog {
  readonly #db: Kysely<Tables>
  readonly #dispatch: Dispatch
  /** A version is immutable, so what was read once is true for ever; but for its words, which are not read from here. */
  readonly #shapes = new Map<string, DefinitionShape>()

  /** Asked for each submit, and those that come together ask for few names. */
  readonly #versions: Batched<string, VersionRow[]>

  /** Asked with each task that is read or made; all who ask at one moment get one answer. */
  readonly #served: Batched<undefined, ReadonlySet<string>>

  constructor(db: Kysely<Tables>, dispatch: Dispatch) {
    this.#db = db
    this.#dispatch = dispatch
    this.#served = batched(
      async (asked) => {
        const { rows } = await sql<{ name: string; version: number }>`
          SELECT DISTINCT x.name, x.version FROM errand.workers w,
            jsonb_to_recordset(w.serves) AS x (name text, version int) WHERE ${live}`.execute(db)
        const value = new Set(rows.map(({ name, version }) => queueOf(name, version)))
        return asked.map(() => ({ ok: true, value }))
      },
      { max: defaults.batch, parallel: 2 },
    )
    this.#versions = batched(
      async (names) => {
        const rows = await db
          .selectFrom('definitions')
          .select(['name', 'version', 'promoted', 'retired_at'])
          .where('name', 'in', [...new Set(names)])
          .execute()
        return names.map((name) => ({ ok: true, value: rows.filter((row) => row.name === name) }))
      },
      { max: defaults.batch, parallel: 2 },
    )
  }

  /**
   * Makes the versions known, and the worker as one that serves them: all of them or none. The first version of a name
   * is promoted by itself (the newest, where several come together), and one that says so when it is first registered.
   *
   * @throws {Problem} `definition-conflict` (409) when a version is known with another shape
   */
  async register(worker: WorkerInfo, given: readonly DefinitionShape[]): Promise<void> {
    const shapes = given
      .map((shape) => parseShape(JSON.parse(JSON.stringify(shape))))
      // One order for all who register, so that they wait for each other instead of dead-locking.
      .sort((a, b) => (a.name === b.name ? b.version - a.version : a.name < b.name ? -1 : 1))
    for (const shape of shapes) await this.#dispatch.ensure(queueOf(shape.name, shape.version))
    const register = () =>
      this.#db.transaction().execute(async (trx) => {
        for (const shape of shapes) await this.#registerOne(trx, shape)
        await debugPoint('mid-registration')
        const serves = JSON.stringify(shapes.map(({ name, version }) => ({ name, version })))
        const { concurrency, host, id, name, pid } = worker
        await trx
          .insertInto('workers')
          .values({ id, name, host, pid, concurrency, serves })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ serves, concurrency, stopped_at: null }))
          .execute()
      })
    await register().catch((error: unknown) => {
      // Two workers promoted two versions of a new name at the same instant. The other's is there now.
      if (isUniqueViolation(error)) return register()
      throw error
    })
  }

  /** Makes a version known that nobody serves here. @throws {Problem} `definition-conflict` (409) */
  async adopt(shape: DefinitionShape): Promise<void> {
    await this.#dispatch.ensure(queueOf(shape.name, shape.version))
    await this.#db.transaction().execute((trx) => this.#registerOne(trx, shape))
  }

  async #registerOne(trx: Kysely<Tables>, shape: DefinitionShape): Promise<void> {
    const digest = digestOf(shape)
    const { rows } = await sql<{ promoted: boolean }>`
      INSERT INTO errand.definitions (name, version, shape, digest)
      VALUES (${shape.name}, ${shape.version}, ${JSON.stringify(shape)}::jsonb, ${digest})
      ON CONFLICT (name, version) DO NOTHING
      RETURNING promoted`.execute(trx)
    let reworded = false
    if (rows.length === 0) {
      const known = await trx
        .selectFrom('definitions')
        .select([
          'shape',
          'digest',
          sql<number>`(SELECT max(version) FROM errand.definitions d WHERE d.name = ${shape.name})`.as('newest'),
        ])
        .where('name', '=', shape.name)
        .where('version', '=', shape.version)
        .executeTakeFirstOrThrow()
      if (known.digest !== digest) throw definitionConflict(shape, known)
      reworded = canonicalJson(known.shape.notifications ?? null) !== canonicalJson(shape.notifications ?? null)
    }
    const [promoted] = await lockName(trx, shape.name).then((versions) => versions.filter((each) => each.promoted))
    // The words of whoever registered last. Written under the lock, so that no two wait for each other's rows.
    if (reworded) {
      await trx
        .updateTable('definitions')
        .set({ shape: JSON.stringify(shape) })
        .where('name', '=', shape.name)
        .where('version', '=', shape.version)
        .execute()
    }
    const takesOver = rows.length > 0 && shape.promote === 'on-register' && (promoted?.version ?? 0) < shape.version
    if (promoted === undefined || takesOver) await setPromoted(trx, shape.name, shape.version)
  }

  /** The shape of a version that is known to exist. */
  async shape(db: Kysely<Tables>, name: string, version: number): Promise<DefinitionShape> {
    const key = queueOf(name, version)
    const cached = this.#shapes.get(key)
    if (cached) return cached
    const row = await db
      .selectFrom('definitions')
      .select('shape')
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst()
    if (row === undefined) throw definitionUnknown(name, version)
    this.#shapes.set(key, row.shape)
    return row.shape
  }

  /**
   * The version a new task gets.
   *
   * @throws {Problem} `definition-unknown` (404), `definition-retired` (409)
   */
  async choose(name: string, version?: number): Promise<DefinitionShape> {
    const rows = await this.#versions(name)
    const chosen =
      version === undefined ? rows.find((row) => row.promoted) : rows.find((row) => row.version === version)
    if (chosen === undefined) throw definitionUnknown(name, version, rows.length > 0)
    if (chosen.retired_at !== null) throw definitionRetired(name, chosen.version)
    return this.shape(this.#db, name, chosen.version)
  }

  /** Whether nothing new may begin on the version, as the caller's transaction sees it. */
  async isRetired(trx: Kysely<Tables>, { name, version }: Pick<DefinitionShape, 'name' | 'version'>): Promise<boolean> {
    const row = await trx
      .selectFrom('definitions')
      .select('retired_at')
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst()
    return row?.retired_at != null
  }

  /** @throws {Problem} `definition-unknown` (404) */
  async promote(name: string, version: number): Promise<DefinitionView> {
    await promoteVersion(this.#db, name, version)
    return this.#view(name, version)
  }

  /** @throws {Problem} `definition-unknown` (404), `definition-promoted` or `definition-in-use` (409) */
  async retire(name: string, version: number): Promise<DefinitionView> {
    await retireVersion(this.#db, name, version)
    return this.#view(name, version)
  }

  async #view(name: string, version: number): Promise<DefinitionView> {
    const [found] = await this.list({ name, version })
    if (found === undefined) throw definitionUnknown(name, version)
    return found
  }

  /** All versions, the newest of each first; or those that are asked for. Of each its open tasks are counted. */
  async list({ name, promoted, version }: DefinitionQuery = {}): Promise<DefinitionView[]> {
    const which = [sql<boolean>`true`]
    if (name !== undefined) which.push(sql`d.name = ${name}`)
    if (version !== undefined) which.push(sql`d.version = ${version}`)
    if (promoted !== undefined) which.push(sql`d.promoted = ${promoted}`)
    const { rows } = await sql<DefinitionView>`
      SELECT d.name, d.version, d.promoted, d.retired_at AS "retiredAt", d.registered_at AS "registeredAt", d.digest, d.shape,
        (SELECT count(*)::int FROM errand.workers w
          WHERE ${live} AND w.serves @> jsonb_build_array(jsonb_build_object('name', d.name, 'version', d.version))) AS workers,
        (SELECT count(*)::int FROM errand.tasks t WHERE t.definition = d.name AND t.version = d.version
          AND t.state IN ('pending', 'running', 'canceling')) AS open
      FROM errand.definitions d WHERE ${sql.join(which, sql` AND `)} ORDER BY d.name, d.version DESC`.execute(this.#db)
    return rows
  }

  /** Those that were heard of within a day, the newest first. */
  async workers(): Promise<Omit<WorkerView, 'running' | 'inHand'>[]> {
    const { rows } = await sql<Omit<WorkerView, 'running' | 'inHand'>>`
      SELECT w.id, w.name, w.host, w.pid, w.serves, w.concurrency, w.started_at AS "startedAt",
        w.heartbeat_at AS "heartbeatAt", (${live}) AS live
      FROM errand.workers w
      WHERE w.stopped_at IS NULL AND w.heartbeat_at > now() - interval '1 day'
      ORDER BY w.started_at DESC LIMIT 500`.execute(this.#db)
    return rows
  }

  /** The versions that a live worker serves, as `name/vVERSION`. */
  served(): Promise<ReadonlySet<string>> {
    return this.#served(undefined)
  }

  /** The ids of the workers that live. */
  async liveWorkers(db: Kysely<Tables>): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`SELECT w.id::text AS id FROM errand.workers w WHERE ${live}`.execute(db)
    return rows.map(({ id }) => id)
  }

  async beat(workerId: string): Promise<void> {
    await sql`UPDATE errand.workers SET heartbeat_at = now() WHERE id = ${workerId}::uuid`.execute(this.#db)
  }

  async stopped(workerId: string): Promise<void> {
    await sql`UPDATE errand.workers SET stopped_at = now() WHERE id = ${workerId}::uuid`.execute(this.#db)
  }
}

const live = sql`w.stopped_at IS NULL AND w.heartbeat_at > now() - make_interval(secs => ${sql.lit(defaults.workerSeconds)})`
