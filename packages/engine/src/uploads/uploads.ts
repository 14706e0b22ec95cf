import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ByteRange } from '@errand/task'
import { type Selectable, sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { storable } from '../database/json-text.ts'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'
import { isProblem, Problem } from '../problem.ts'
import { safeFilename } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'
import type { Principal, UploadView } from '../types.ts'

/** An upload that is there as a whole. */
export type UploadRow = Selectable<Tables['uploads']> & { sha256: string }

/** Files that users hand in. */
export class Uploads {
  readonly #db: Db
  readonly #storages: Storages
  readonly #limit: number

  constructor(db: Db, storages: Storages, limit: number = defaults.uploadLimit) {
    this.#db = db
    this.#storages = storages
    this.#limit = limit
  }

  /** Takes a file in as it comes; what does not arrive whole leaves nothing. */
  async create(
    file: { filename: string; mediaType: string; body: AsyncIterable<Uint8Array> },
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
        if (size > limit) throw tooLarge(limit)
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
        storage,
        key,
        expires_at: sql<Date>`now() + make_interval(days => ${defaults.uploadDays})`,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
      .catch(async (error: unknown) => {
        // Without its row nobody would ever find the file, nor remove it.
        await store.delete(key).catch(() => undefined)
        throw error
      })
    return viewOf({ ...row, sha256 })
  }

  async find(id: string): Promise<UploadRow | undefined> {
    const row = await this.#db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
    return row !== undefined && isWhole(row) ? row : undefined
  }

  /** @throws {Problem} `upload-unknown` */
  async get(id: string, who: Principal): Promise<UploadView> {
    const row = isId(id) ? await this.find(id) : undefined
    if (row === undefined || (row.owner !== who.id && !who.staff)) {
      throw new Problem({
        code: 'upload-unknown',
        status: 404,
        title: 'There is no such upload',
        detail: `No upload ${id} is known to you.`,
        hint: 'Upload the file again.',
      })
    }
    return viewOf(row)
  }

  /** The bytes of an upload. */
  read(upload: UploadRow, range?: ByteRange): Readable {
    return this.#storages.get(upload.storage).read(upload.key, range)
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

function isWhole(row: Selectable<Tables['uploads']>): row is UploadRow {
  return row.state === 'complete' && row.sha256 !== null
}

function tooLarge(limit: number): Problem {
  return new Problem({
    code: 'upload-too-large',
    status: 413,
    title: 'The file is too large',
    detail: `At most ${limit} bytes can be uploaded.`,
    hint: 'Upload a smaller file, or ask whoever runs this service to raise the limit.',
  })
}

function viewOf(row: UploadRow): UploadView {
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
