import type { Migration } from 'kysely/migration'
import * as initial from './001-initial.ts'
import * as fanOut from './020-fan-out.ts'
import * as outputs from './030-outputs.ts'
import * as versions from './040-versions.ts'
import * as people from './050-people.ts'
import * as notifications from './060-notifications.ts'
import * as lists from './080-lists.ts'
import * as traces from './100-traces.ts'
import * as schedules from './110-schedules.ts'
import * as foundUploads from './120-found-uploads.ts'
import * as unsuccessful from './130-unsuccessful.ts'
import * as continues from './140-continues.ts'

/** In order. A migration that has been released never changes. */
export const migrations: Record<string, Migration> = {
  '001-initial': initial,
  '020-fan-out': fanOut,
  '030-outputs': outputs,
  '040-versions': versions,
  '050-people': people,
  '060-notifications': notifications,
  '080-lists': lists,
  '100-traces': traces,
  '110-schedules': schedules,
  '120-found-uploads': foundUploads,
  '130-unsuccessful': unsuccessful,
  '140-continues': continues,
}
