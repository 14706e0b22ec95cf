import { createHash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { isId } from '../access/policy.ts'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import { storable } from '../database/json-text.ts'
import type { Db } from '../database/open.ts'
import { Problem } from '../problem.ts'
import { safeFilename } from '../storage/names.ts'
import type { Storages } from '../storage/storages.ts'
import type { ArrivingUpload, Principal, UploadChecksum } from '../types.ts'
import { PartWriter, type UploadPart } from './part-writer.ts'
import { type AnyUploadRow, uploadTooLarge, uploadUnknown } from './rows.ts'

/** What the room of uploads lends to those that arrive in parts. */
export interface ArrivingRooms {
  db: Db
  storages: Storages
  clock: Clock
  /** Bytes. */
  limit: number
  /** All bytes of an upload. */
  read(row: AnyUploadRow): Readable
}

/** Uploads that arrive in parts, each of which may break off: what has arrived stays, and the next one goes on there. */
export class ArrivingUploads {
  readonly #rooms: ArrivingRooms
  /** What is being taken in by this process: whoever asks how far an upload is waits for that. */
  readonly #running = new Map<string, Promise<unknown>>()
  /** The digest of what has arrived through this process alone, so that most files need not be read again at the end. */
  readonly #hashes = new Map<string, { hash: Hash; at: number }>()

  constructor(rooms: ArrivingRooms) {
    this.#rooms = rooms
  }

  /** @throws {Problem} `upload-too-large`, `upload-too-many` */
  async begin(
    file: { filename: string; mediaType: string; size: number; metadata?: string; sha256?: string },
    who: Principal,
  ): Promise<ArrivingUpload> {
    const { db, limit } = this.#rooms
    if (file.size > limit) throw uploadTooLarge(limit)
    const { open } = await db
      .selectFrom('uploads')
      .select(({ fn }) => fn.countAll<number>().as('open'))
      .where('owner', '=', who.id)
      .where('state', '=', 'arriving')
      .executeTakeFirstOrThrow()
    if (open >= defaults.uploadsOpen) throw tooMany()
    const id = uuidv7()
    const row = await db
      .insertInto('uploads')
      .values({
        id,
        owner: who.id,
        filename: safeFilename(file.filename),
        media_type: storable(file.mediaType),
        size: file.size,
        // What it is to be; checked against what it is.
        sha256: file.sha256 ?? null,
        storage: 'default',
        key: `uploads/${id}`,
        state: 'arriving',
        metadata: file.metadata === undefined ? null : storable(file.metadata),
        expires_at: this.#expiry(),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    return viewOf(row.size === 0 ? await this.#complete(row) : row)
  }

  /** How far it is. @throws {Problem} `upload-unknown` */
  async find(id: string, who: Principal): Promise<ArrivingUpload> {
    await this.#running.get(id)?.catch(() => undefined)
    const row = await this.#row(id, who)
    // A process that died between the last byte and the end of it has left that to whoever asks next.
    return viewOf(row.state === 'arriving' && row.received === row.size ? await this.#complete(row) : row)
  }

  /** The newest of one's own of which exactly this was said, whether it has arrived as a whole or not. */
  async findSaid(metadata: string, who: Principal): Promise<ArrivingUpload | undefined> {
    const said = storable(metadata)
    const row = await this.#rooms.db
      .selectFrom('uploads')
      .select('id')
      .where('owner', '=', who.id)
      // By way of its index; the text itself decides.
      .where(sql<boolean>`md5(metadata) = md5(${said})`)
      .where('metadata', '=', said)
      .where('state', '<>', 'gone')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && this.find(row.id, who)
  }

  /**
   * Takes in what follows `offset`. When `body` breaks, what came before is kept, unless it has a checksum.
   *
   * @throws {Problem} `upload-unknown`, `upload-offset`, `upload-checksum`, `upload-damaged`, and what `body` throws
   */
  async append(
    id: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    who: Principal,
    checksum?: UploadChecksum,
  ): Promise<ArrivingUpload> {
    await this.#running.get(id)?.catch(() => undefined)
    const running = this.#append(id, offset, body, who, checksum)
    this.#running.set(id, running)
    try {
      return await running
    } finally {
      if (this.#running.get(id) === running) this.#running.delete(id)
    }
  }

  /** Gives it up, or deletes it. No task that has begun with it is left without. @throws {Problem} `upload-unknown` */
  async remove(id: string, who: Principal): Promise<void> {
    const row = await this.#row(id, who)
    if (row.state !== 'arriving') throw uploadUnknown(id)
    this.#hashes.delete(id)
    await this.#rooms.db.updateTable('uploads').set({ state: 'gone' }).where('id', '=', id).execute()
  }

  async #append(
    id: string,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    who: Principal,
    checksum: UploadChecksum | undefined,
  ): Promise<ArrivingUpload> {
    const row = await this.#row(id, who)
    if (row.state !== 'arriving' || row.received !== offset) throw wrongOffset(row, offset)
    const store = this.#rooms.storages.get(row.storage)
    const writer = new PartWriter(store, row.key, offset, defaults.uploadPart)
    const known = this.#hashes.get(id)
    const hash = offset === 0 ? createHash('sha256') : known?.at === offset ? known.hash : undefined
    this.#hashes.delete(id)
    const check = checksum === undefined ? undefined : createHash(checksum.algorithm)
    const held: UploadPart[] = []
    let at = offset
    const keep = async (part: UploadPart | undefined) => {
      if (part !== undefined) await (check === undefined ? this.#record(row, part) : held.push(part))
    }
    try {
      try {
        for await (const chunk of body) {
          if (at + chunk.length > row.size) throw tooMuch(row)
          await keep(await writer.write(chunk))
          hash?.update(chunk)
          check?.update(chunk)
          at += chunk.length
        }
      } finally {
        await keep(await writer.finish())
      }
      if (check !== undefined && check.digest('base64') !== checksum?.digest) throw wrongChecksum(row)
    } catch (error) {
      await writer.giveUp()
      for (const { key } of held) await store.delete(key).catch(() => undefined)
      throw error
    } finally {
      if (hash !== undefined && check === undefined) this.#remember(id, hash, at)
    }
    for (const part of held) await this.#record(row, part)
    if (hash !== undefined) this.#remember(id, hash, at)
    const now = await this.#row(id, who)
    return viewOf(now.received === now.size ? await this.#complete(now) : now)
  }

  #remember(id: string, hash: Hash, at: number): void {
    this.#hashes.set(id, { hash, at })
    const [oldest] = this.#hashes.keys()
    if (this.#hashes.size > defaults.uploadHashes && oldest !== undefined) this.#hashes.delete(oldest)
  }

  /** The part counts only if nobody has stored those bytes before: the row is the judge. */
  async #record(row: AnyUploadRow, part: UploadPart): Promise<void> {
    const taken = await this.#rooms.db.transaction().execute(async (trx) => {
      const moved = await trx
        .updateTable('uploads')
        .set({ received: part.start + part.size, expires_at: this.#expiry() })
        .where('id', '=', row.id)
        .where('state', '=', 'arriving')
        .where('received', '=', part.start)
        .executeTakeFirst()
      if (moved.numUpdatedRows === 0n) return false
      await trx
        .insertInto('upload_parts')
        .values({ upload_id: row.id, ...part })
        .execute()
      return true
    })
    if (taken) return
    await this.#rooms.storages.get(row.storage).delete(part.key)
    throw wrongOffset(row, part.start)
  }

  async #complete(row: AnyUploadRow): Promise<AnyUploadRow> {
    const known = this.#hashes.get(row.id)
    this.#hashes.delete(row.id)
    let hash = known?.at === row.size ? known.hash : undefined
    if (hash === undefined) {
      hash = createHash('sha256')
      for await (const chunk of this.#rooms.read(row)) hash.update(chunk)
    }
    const sha256 = hash.digest('hex')
    if (row.sha256 !== null && row.sha256 !== sha256) {
      await this.#rooms.db.updateTable('uploads').set({ state: 'gone' }).where('id', '=', row.id).execute()
      throw damaged(row, sha256)
    }
    const days = sql<Date>`${clockNow(this.#rooms.clock)} + make_interval(days => ${defaults.uploadDays})`
    return this.#rooms.db
      .updateTable('uploads')
      .set({ state: 'complete', sha256, expires_at: days })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow()
  }

  async #row(id: string, who: Principal): Promise<AnyUploadRow> {
    const row = isId(id)
      ? await this.#rooms.db.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
      : undefined
    if (row === undefined || row.state === 'gone' || (row.owner !== who.id && !who.staff)) throw uploadUnknown(id)
    return row
  }

  #expiry() {
    return sql<Date>`${clockNow(this.#rooms.clock)} + make_interval(secs => ${defaults.uploadIdleSeconds})`
  }
}

function viewOf(row: AnyUploadRow): ArrivingUpload {
  return {
    id: row.id,
    size: row.size,
    offset: row.state === 'complete' ? row.size : row.received,
    metadata: row.metadata,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    complete: row.state === 'complete',
  }
}

function tooMany(): Problem {
  return new Problem({
    code: 'upload-too-many',
    status: 429,
    title: 'Too many uploads have been begun',
    detail: `${defaults.uploadsOpen} of yours have not arrived as a whole.`,
    hint: 'Finish or give up some of them; what does not go on is removed after a day.',
  })
}

function wrongOffset(row: AnyUploadRow, offset: number): Problem {
  return new Problem({
    code: 'upload-offset',
    status: 409,
    title: 'The upload is not where you think',
    detail: `${row.filename} was to go on at byte ${offset}.`,
    hint: 'Ask how far it is with HEAD, and go on there.',
  })
}

function tooMuch(row: AnyUploadRow): Problem {
  return new Problem({
    code: 'upload-too-large',
    status: 413,
    title: 'The file is larger than was said',
    detail: `${row.filename} was to have ${row.size} bytes.`,
    hint: 'Upload the file again.',
  })
}

function wrongChecksum(row: AnyUploadRow): Problem {
  return new Problem({
    // The number is the protocol's: tus 1.0, checksum extension.
    code: 'upload-checksum',
    status: 460,
    title: 'A part of the file was damaged on its way',
    detail: `What came of ${row.filename} does not have the checksum that came with it.`,
    hint: 'Send the part again.',
  })
}

function damaged(row: AnyUploadRow, sha256: string): Problem {
  return new Problem({
    code: 'upload-damaged',
    status: 422,
    title: 'The file was damaged on its way',
    detail: `${row.filename} has the SHA-256 ${sha256}, and was to have ${row.sha256}.`,
    hint: 'Upload the file again.',
  })
}
