import type { Readable } from 'node:stream'
import type { ByteRange } from '@errand/task'
import { sql } from 'kysely'
import { v4 as uuidv4 } from 'uuid'
import { defaults } from '../config.ts'
import { clockNow } from '../database/clock.ts'
import { Problem } from '../problem.ts'
import type { Storages } from '../storage/storages.ts'
import type { Delivered, DeliveryWish, Principal } from '../types.ts'
import type { AccessLog } from './access-log.ts'
import type { ArtifactRecord, ArtifactRow } from './rows.ts'
import { notAvailable } from './view.ts'

/** What a delivery works with. */
export interface DeliveryRooms {
  record: ArtifactRecord
  storages: Storages
  log: AccessLog
  /** Removes the bytes of artifacts that are gone from the record. */
  purge(ids: readonly string[]): Promise<void>
}

/**
 * Hands out an artifact in the way that is wished for, or as a stream where its storage has no such way. A use-once file
 * is always a stream: only then is it known whether the whole of it was taken.
 *
 * @throws {Problem} `artifact-gone`, `artifact-unfinished`, `artifact-in-use`
 */
export async function deliver(
  rooms: DeliveryRooms,
  row: ArtifactRow,
  who: Principal,
  { by, range }: DeliveryWish,
): Promise<Delivered> {
  if (row.state !== 'available') throw notAvailable(row)
  const store = rooms.storages.get(row.storage)
  const once = isOnce(row)
  if (by === 'redirect' && !once) {
    const url = await store.sign(row.key, defaults.signedSeconds)
    if (url !== undefined) {
      await rooms.log.write(row.id, 'download', who, { delivery: by, range })
      return { by, url }
    }
  }
  if (by === 'file' && !once) {
    const path = store.path(row.key)
    if (path !== undefined) {
      await rooms.log.write(row.id, 'download', who, { delivery: by, range })
      return { by, path, storage: row.storage, key: row.key }
    }
  }
  return stream(rooms, row, who, range, once && isWhole(row, range))
}

async function stream(
  rooms: DeliveryRooms,
  row: ArtifactRow,
  who: Principal,
  range: ByteRange | undefined,
  consumes: boolean,
): Promise<Delivered> {
  const taken = consumes ? await take(rooms.record, row) : undefined
  let body: Readable
  let entry: number
  try {
    entry = await rooms.log.write(row.id, 'download', who, { delivery: 'stream', range })
    body = rooms.storages.get(row.storage).read(row.key, range)
  } catch (error) {
    await taken?.release()
    throw error
  }
  let settled = false
  return {
    by: 'stream',
    body,
    async settle(bytes, complete) {
      if (settled) return
      settled = true
      body.destroy()
      await rooms.log.ended(entry, bytes, complete)
      if (taken === undefined) return
      if (!complete) return taken.release()
      if (!(await taken.consume(who.name))) return
      await rooms.log.write(row.id, 'consume', who)
      await rooms.purge([row.id])
    },
  }
}

/** The first one has it: others are told to wait, as there is nothing left for them if it gets all. */
async function take(record: ArtifactRecord, row: ArtifactRow) {
  const token = uuidv4()
  const hold = () =>
    record.db
      .updateTable('artifacts')
      .set({
        taken_by: token,
        taken_until: sql`${clockNow(record.clock)} + make_interval(secs => ${defaults.takenSeconds})`,
      })
      .where('id', '=', row.id)
      .where('state', '=', 'available')
      // A server that died has let go once its time is over.
      .where(sql<boolean>`(taken_by IS NULL OR taken_by = ${token}::uuid OR taken_until < ${clockNow(record.clock)})`)
      .executeTakeFirst()
  if ((await hold()).numUpdatedRows === 0n) {
    const { db } = record
    const now = await db.selectFrom('artifacts').selectAll().where('id', '=', row.id).executeTakeFirst()
    if (now !== undefined && now.state !== 'available') throw notAvailable(now)
    throw new Problem({
      code: 'artifact-in-use',
      status: 409,
      title: 'Someone is downloading the file',
      detail: `${row.filename} can be downloaded once, and is being downloaded right now.`,
      hint: 'If that download is broken off, the file can be had again in a minute.',
    })
  }
  // A failed renewal is tried again in time; if the database stays away, whoever comes next gets the file.
  const renewal = setInterval(() => void hold().catch(() => undefined), (defaults.takenSeconds * 1_000) / 3)
  renewal.unref()
  return {
    async release(): Promise<void> {
      clearInterval(renewal)
      const free = { taken_by: null, taken_until: null }
      await record.db
        .updateTable('artifacts')
        .set(free)
        .where('id', '=', row.id)
        .where('taken_by', '=', token)
        .execute()
    },
    /** @returns false when it was deleted, or expired, meanwhile */
    async consume(by: string): Promise<boolean> {
      clearInterval(renewal)
      const { numUpdatedRows } = await record.db
        .updateTable('artifacts')
        .set({
          state: 'consumed',
          ended_at: clockNow(record.clock),
          ended_by: by,
          ended_reason: 'it could be downloaded once, and was',
        })
        .where('id', '=', row.id)
        .where('state', '=', 'available')
        .where('taken_by', '=', token)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
  }
}

function isOnce({ keep }: ArtifactRow): boolean {
  return keep !== 'forever' && keep.once === true
}

function isWhole(row: ArtifactRow, range: ByteRange | undefined): boolean {
  return range === undefined || (range.start === 0 && (range.end ?? Number.POSITIVE_INFINITY) >= (row.size ?? 0))
}
