import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ByteRange } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import { storable } from '../database/json-text.ts'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'
import { isProblem, Problem } from '../problem.ts'
import { safeFilename } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'
import type { Principal, StorageUse, UploadView } from '../types.ts'
import { ArrivingUploads } from './arriving.ts'
import { type AnyUploadRow, isWhole, type UploadRow, uploadTooLarge, uploadUnknown, uploadView } from './rows.ts'

export type { UploadRow } from './rows.ts'

/** What the room may be told. */
export interface UploadOptions {
  /** Largest upload, in bytes. */
  limit?: number
  /** Default: the database's own. */
  clock?: Clock
}

/** Files that users hand in. */
export class Uploads {
  readonly #db: Db
  readonly #storages: Storages
  readonly #limit: number
  readonly #clock: Clock
  /** Those that arrive in parts. */
  readonly arriving: ArrivingUploads

  constructor(db: Db, storages: Storages, options: UploadOptions = {}) {
    const { clock = { offsetSeconds: 0 }, limit = defaults.uploadLimit } = options
    this.#db = db
    this.#storages = storages
    this.#limit = limit
    this.#clock = clock
    this.arriving = new ArrivingUploads({ db, storages, clock, limit, read: (row) => this.#readParts(row) })
  }

  /** What the storages hold of uploads, those that are still arriving included. */
  async byStorage(): Promise<StorageUse[]> {
    const { rows } = await sql<StorageUse>`
      SELECT storage, 'uploads' AS kind, count(*) AS files,
        sum(CASE state WHEN 'arriving' THEN received ELSE size END)::bigint AS bytes
      FROM errand.uploads WHERE state <> 'gone' GROUP BY storage ORDER BY storage`.execute(this.#db)
    return rows
  }

  /** Takes a file in as it comes; what does not arrive whole leaves nothing. */
  async create(
    file: { filename: string; mediaType: string; body: AsyncIterable<Uint8Array>; metadata?: string },
    who: Principal,
  ): Promise<UploadView> {
    const id = uuidv7()
    const storage = 'default'
    const key = `uploads/${id}`
    const store = this.#storages.get(storage)
    const hash = createHash('sha256')
    const limit = this.#limit
    let size = 0
    const measured = async function* (source: AsyncIterable<Uint8Array>) {
      for await (const chunk of source) {
        size += chunk.length
        if (size > limit) throw uploadTooLarge(limit)
        hash.update(chunk)
        yield chunk
      }
    }
    try {
      await pipeline(Readable.from(measured(file.body), { objectMode: false }), store.write(key))
    } catch (error) {
      await store.delete(key).catch(() => undefined)
      if (isProblem(error)) throw error
      throw new Problem({
        code: 'upload-failed',
        status: 400,
        title: 'The upload did not arrive whole',
        detail: error instanceof Error ? error.message : String(error),
        hint: 'Upload the file again.',
        cause: error,
      })
    }
    const sha256 = hash.digest('hex')
    const row = await this.#db
      .insertInto('uploads')
      .values({
        id,
        owner: who.id,
        filename: safeFilename(file.filename),
        media_type: storable(file.mediaType),
        size,
        sha256,
        metadata: file.metadata === undefined ? null : storable(file.metadata),
        storage,
        key,
        expires_at: sql<Date>`${clockNow(this.#clock)} + make_interval(days => ${defaults.uploadDays})`,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
      .catch(async (error: unknown) => {
        // Without its row nobody would ever find the file, nor remove it.
        await store.delete(key).catch(() => undefined)
        throw error
      })
    return uploadView({ ...row, sha256 })
  }

  /** The same, kept for long enough that a task can begin with it: then the task keeps it. */
  async hold(id: string): Promise<UploadRow | undefined> {
    const row = await this.#db
      .updateTable('uploads')
      .set({ expires_at: sql`greatest(expires_at, ${clockNow(this.#clock)} + interval '1 hour')` })
      .where('id', '=', id)
      .where('state', '=', 'complete')
      .returningAll()
      .executeTakeFirst()
    return row !== undefined && isWhole(row) ? row : undefined
  }

  async find(id: string): Promise<UploadRow | undefined> {
    const row = await this.#db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
    return row !== undefined && isWhole(row) ? row : undefined
  }

  /** @throws {Problem} `upload-unknown` */
  async get(id: string, who: Principal): Promise<UploadView> {
    const row = isId(id) ? await this.find(id) : undefined
    if (row === undefined || (row.owner !== who.id && !who.staff)) throw uploadUnknown(id)
    return uploadView(row)
  }

  /** The bytes of an upload. */
  read(upload: UploadRow, range?: ByteRange): Readable {
    // One that came in parts counts what it has received.
    if (upload.received > 0) return this.#readParts(upload, range)
    return this.#storages.get(upload.storage).read(upload.key, range)
  }

  #readParts(upload: AnyUploadRow, range: ByteRange = { start: 0 }): Readable {
    const db = this.#db
    const store = this.#storages.get(upload.storage)
    const end = Math.min(range.end ?? upload.size, upload.size)
    async function* bytes() {
      const parts = await db
        .selectFrom('upload_parts')
        .selectAll()
        .where('upload_id', '=', upload.id)
        .orderBy('start')
        .execute()
      for (const { key, size, start } of parts) {
        if (start + size <= range.start || start >= end) continue
        yield* store.read(key, { start: Math.max(0, range.start - start), end: Math.min(size, end - start) })
      }
    }
    return Readable.from(bytes(), { objectMode: false })
  }

  async findAll(db: Db | Transaction<Tables>, ids: readonly string[]): Promise<Map<string, UploadRow>> {
    if (ids.length === 0) return new Map()
    const rows = await db
      .selectFrom('uploads')
      .selectAll()
      .where(sql<boolean>`id = ANY(${[...ids]}::uuid[])`)
      .execute()
    return new Map(rows.filter(isWhole).map((row) => [row.id, row]))
  }
}
