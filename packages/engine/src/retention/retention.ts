import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Artifacts } from '../artifacts/artifacts.ts'
import { defaults } from '../config.ts'
import { type Clock, clockNow } from '../database/clock.ts'
import type { Db } from '../database/open.ts'
import type { Storages } from '../storage/storages.ts'
import type { RetentionDone, RetentionPreview } from '../types.ts'
import { dueUploads, expireUploads } from '../uploads/expire.ts'
import { dueHistory, removeHistory } from './history.ts'
import { findOrphans } from './orphans.ts'
import { completePolicy, type RetentionPolicy } from './policy.ts'

/** What the room stands on. */
export interface RetentionRooms {
  db: Db
  storages: Storages
  artifacts: Artifacts
  clock: Clock
  logger: Logger
}

/** What is kept how long: history by the policy, uploads by their tasks, and what nobody knows of any more. */
export class Retention {
  readonly #rooms: RetentionRooms
  readonly #policy: Required<RetentionPolicy>

  constructor(rooms: RetentionRooms, policy: RetentionPolicy = {}) {
    this.#rooms = rooms
    this.#policy = completePolicy(policy)
  }

  /** What {@link run} would remove now. Changes nothing. */
  async preview(): Promise<RetentionPreview> {
    const { artifacts, clock, db, logger } = this.#rooms
    return {
      history: await dueHistory(db, this.#policy, clock),
      files: await artifacts.due(),
      uploads: await dueUploads(db, clock),
      orphans: await findOrphans(this.#rooms, false, logger),
    }
  }

  /** Removes what is due, page by page, each for itself: it can be broken off, and the next run goes on. */
  async run(): Promise<RetentionDone> {
    const { artifacts, clock, db, logger } = this.#rooms
    const done: RetentionDone = { tasks: 0, files: 0, uploads: 0, orphans: [] }
    // Files first: a task may be waiting for no more than the last of its bytes to go.
    done.files = await artifacts.sweep()
    for (let removed = -1; removed !== 0; done.tasks += removed) removed = await removeHistory(db, this.#policy, clock)
    done.uploads = await expireUploads(this.#rooms, logger)
    done.orphans = await findOrphans(this.#rooms, true, logger)
    return done
  }

  /** Between the nights: uploads whose time is over. */
  async sweepUploads(): Promise<void> {
    await expireUploads(this.#rooms, this.#rooms.logger)
  }

  /** Runs once a night, on whichever process comes first. @returns whether it has */
  async nightly(): Promise<boolean> {
    const now = clockNow(this.#rooms.clock)
    const { rows } = await sql<{ name: string }>`
      INSERT INTO errand.upkeep (name, at, value) SELECT 'retention', ${now}, '{}'
      WHERE extract(hour FROM ${now} AT TIME ZONE 'UTC') = ${defaults.retentionHour}
      ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE upkeep.at < excluded.at - interval '12 hours'
      RETURNING name`.execute(this.#rooms.db)
    if (rows.length === 0) return false
    const done = await this.run()
    this.#rooms.logger.info(done, 'retention: what was due is gone')
    return true
  }
}
