import type { Selectable } from 'kysely'
import type { Clock } from '../database/clock.ts'
import type { Db } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'

export type ArtifactRow = Selectable<Tables['artifacts']>

/** Where the room's parts find the record, and by which clock they keep it. */
export interface ArtifactRecord {
  db: Db
  clock: Clock
}
