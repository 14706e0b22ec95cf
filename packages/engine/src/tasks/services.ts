import type { Logger } from 'pino'
import type { Access } from '../access/access.ts'
import type { PeopleRecord } from '../access/people-record.ts'
import type { Watching } from '../access/watching.ts'
import type { Artifacts } from '../artifacts/artifacts.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Db } from '../database/open.ts'
import type { Dispatch } from '../dispatch/dispatch.ts'
import type { Bus } from '../events/bus.ts'
import type { Segments } from '../fan-out/index.ts'
import type { Inbox } from '../notifications/inbox.ts'
import type { Uploads } from '../uploads/uploads.ts'

/** The rooms that the tasks room stands on. */
export interface TaskServices {
  db: Db
  dispatch: Dispatch
  catalog: Catalog
  bus: Bus
  artifacts: Artifacts
  uploads: Uploads
  segments: Segments
  access: Access
  people: PeopleRecord
  watching: Watching
  inbox: Inbox
  logger: Logger
}
