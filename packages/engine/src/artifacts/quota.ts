import { sql } from 'kysely'
import { Problem } from '../problem.ts'
import type { ScopeUsage, StorageUse } from '../types.ts'
import type { ArtifactRecord } from './rows.ts'

/** How much a scope's files may take, in bytes. Without an entry and without `default`: as much as there is. */
export interface Quota {
  default?: number
  scopes?: Readonly<Record<string, number>>
}

/** What is stored, or may still be. */
const STORED = sql<boolean>`(a.state IN ('writing', 'available') OR a.purged_at IS NULL)`
const BYTES = sql<number>`coalesce(sum(coalesce(a.size, a.bytes_written)), 0)::bigint`

/** Storage in use per scope, and the limit on it. */
export class Quotas {
  readonly #record: ArtifactRecord
  readonly #quota: Quota

  constructor(record: ArtifactRecord, quota: Quota = {}) {
    this.#record = record
    this.#quota = quota
  }

  limit(scope: string): number | undefined {
    const { default: fallback, scopes = {} } = this.#quota
    return Object.hasOwn(scopes, scope) ? scopes[scope] : fallback
  }

  async usage(scope: string): Promise<ScopeUsage> {
    const { rows } = await sql<{ files: number; bytes: number }>`
      SELECT count(a.id) AS files, ${BYTES} AS bytes
      FROM errand.artifacts a JOIN errand.tasks t ON t.id = a.task_id
      WHERE t.scope = ${scope} AND ${STORED}`.execute(this.#record.db)
    const [found] = rows
    return { scope, files: found?.files ?? 0, bytes: found?.bytes ?? 0, quota: this.limit(scope) ?? null }
  }

  /** What each storage holds of outputs. */
  async byStorage(): Promise<StorageUse[]> {
    const { rows } = await sql<StorageUse>`
      SELECT a.storage, 'outputs' AS kind, count(*) AS files, ${BYTES} AS bytes
      FROM errand.artifacts a WHERE ${STORED} GROUP BY a.storage ORDER BY a.storage`.execute(this.#record.db)
    return rows
  }

  /** The scopes that take most, the biggest first. */
  async biggest(limit: number): Promise<ScopeUsage[]> {
    const { rows } = await sql<{ scope: string; files: number; bytes: number }>`
      SELECT t.scope, count(a.id) AS files, ${BYTES} AS bytes
      FROM errand.artifacts a JOIN errand.tasks t ON t.id = a.task_id
      WHERE ${STORED} GROUP BY t.scope ORDER BY bytes DESC, t.scope LIMIT ${limit}`.execute(this.#record.db)
    return rows.map((row) => ({ ...row, quota: this.limit(row.scope) ?? null }))
  }

  /** @throws {Problem} `quota-exceeded` when the scope's files have no room for another byte */
  async check(scope: string): Promise<void> {
    if (this.limit(scope) === undefined) return
    const { bytes, quota } = await this.usage(scope)
    if (quota !== null && bytes >= quota) throw exceeded(scope, bytes, quota)
  }

  /** Counts what has been written of a file so far. @throws {Problem} `quota-exceeded` when that is too much */
  async checkWriting(artifact: string, written: number, scope: string): Promise<void> {
    if (this.limit(scope) === undefined) return
    await this.#record.db.updateTable('artifacts').set({ bytes_written: written }).where('id', '=', artifact).execute()
    const { bytes, quota } = await this.usage(scope)
    if (quota !== null && bytes > quota) throw exceeded(scope, bytes, quota)
  }
}

function exceeded(scope: string, bytes: number, quota: number): Problem {
  return new Problem({
    code: 'quota-exceeded',
    status: 422,
    title: 'There is no room for more files',
    detail: `The files of ${scope === '' ? 'tasks without a scope' : scope} take ${bytes} bytes of ${quota}.`,
    hint: 'Delete outputs that are no longer needed, or ask whoever runs this service for more room.',
    extensions: { scope, bytes, quota },
  })
}
