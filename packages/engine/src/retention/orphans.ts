import { sql } from 'kysely'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import { installationId } from '../database/installation.ts'
import type { Db } from '../database/open.ts'
import type { Storages } from '../storage/storages.ts'
import type { Store } from '../storage/store.ts'
import type { OrphanedObjects } from '../types.ts'

/** Says to which database a storage belongs. */
const OWNER = 'errand-owner'

const ID = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}'
/** `scope/definition/task/slot/ARTIFACT/…` and `uploads/UPLOAD…`: no other object is ever looked at. */
const ARTIFACT = new RegExp(`^[^/]+/[^/]+/${ID}/[^/]+/(${ID})/.`)
const UPLOAD = new RegExp(`^uploads/(${ID})(/|$)`)

/** What the search works with. */
export interface OrphanRooms {
  db: Db
  storages: Storages
  clock: Clock
}

/**
 * Objects in a storage that no row knows of: what a process that died between the two left behind. Only names that
 * Errand itself gives, only when they are older than a day, and never in a storage that belongs to another database: two
 * that share one by mistake must not delete each other's files.
 */
export async function findOrphans(rooms: OrphanRooms, remove: boolean, logger: Logger): Promise<OrphanedObjects[]> {
  const found: OrphanedObjects[] = []
  for (const storage of rooms.storages.names) {
    const orphans: OrphanedObjects = { storage, count: 0, bytes: 0, skipped: null }
    found.push(orphans)
    try {
      const store = rooms.storages.get(storage)
      if (!(await isOurs(rooms.db, store))) {
        orphans.skipped = 'the storage belongs to another database'
        continue
      }
      for await (const { key, size } of unknown(rooms, store)) {
        if (remove) await store.delete(key)
        orphans.count += 1
        orphans.bytes += size
      }
    } catch (error) {
      logger.warn({ err: error, storage }, 'a storage could not be searched for orphaned objects')
      orphans.skipped = error instanceof Error ? error.message : String(error)
    }
  }
  return found
}

async function isOurs(db: Db, store: Store): Promise<boolean> {
  const ours = await installationId(db)
  const owner = await store.get(OWNER)
  if (owner !== undefined) return Buffer.from(owner).toString() === ours
  await store.put(OWNER, ours)
  return true
}

async function* unknown({ clock, db }: OrphanRooms, store: Store): AsyncGenerator<{ key: string; size: number }> {
  const { rows } = await sql<{ now: Date }>`SELECT ${clockNow(clock)} AS now`.execute(db)
  const before = (rows[0]?.now ?? new Date(0)).getTime() - defaults.orphanSeconds * 1_000
  let page: { table: 'artifacts' | 'uploads'; id: string; key: string; size: number }[] = []
  const settle = async () => {
    const asked = page
    page = []
    const known = new Set<string>()
    for (const table of ['artifacts', 'uploads'] as const) {
      const ids = asked.filter((one) => one.table === table).map(({ id }) => id)
      if (ids.length === 0) continue
      const query = await db.selectFrom(table).select('id').where(sql<boolean>`id = ANY(${ids}::uuid[])`).execute()
      for (const { id } of query) known.add(id)
    }
    return asked.filter(({ id }) => !known.has(id))
  }
  for await (const { key, size } of store.list('')) {
    const artifact = ARTIFACT.exec(key)?.[1]
    const id = artifact ?? UPLOAD.exec(key)?.[1]
    // A version 7 UUID begins with its time, which is when the object was begun.
    if (id === undefined || Number.parseInt(id.replace('-', '').slice(0, 12), 16) > before) continue
    page.push({ table: artifact === undefined ? 'uploads' : 'artifacts', id, key, size })
    if (page.length >= defaults.retentionPage) yield* await settle()
  }
  yield* await settle()
}
