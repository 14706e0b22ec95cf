import { randomUUID } from 'node:crypto'
import type { DefinitionShape, StoreConfig } from '@errand/task'
import { type Logger, pino } from 'pino'
import { Access } from '../access/access.ts'
import { PeopleRecord } from '../access/people-record.ts'
import { Roles } from '../access/roles.ts'
import { Watching } from '../access/watching.ts'
import { type ArtifactOptions, Artifacts } from '../artifacts/artifacts.ts'
import { Catalog } from '../catalog/catalog.ts'
import type { DatabaseConfig } from '../config.ts'
import { openDatabase } from '../database/open.ts'
import { openDispatch, queueOf } from '../dispatch/dispatch.ts'
import { openBus } from '../events/bus.ts'
import { Segments } from '../fan-out/index.ts'
import { Inbox } from '../notifications/inbox.ts'
import { openStorages } from '../storage/storages.ts'
import { readTask } from '../tasks/read.ts'
import type { TaskServices } from '../tasks/services.ts'
import { type Accepted, createSubmit } from '../tasks/submit.ts'
import { Work } from '../tasks/work.ts'
import type { Claim, SubmitRequest, TaskView, WorkerInfo } from '../types.ts'
import { Uploads } from '../uploads/uploads.ts'
import { ada, emptyDatabase, staff } from './databases.ts'
import { until } from './until.ts'

/** The engine without its timers: what upkeep does happens when a test says so. */
export interface Rooms {
  services: TaskServices
  work: Work
  worker: WorkerInfo
  submit(request: SubmitRequest): Promise<Accepted>
  /** Any task's, as staff see it. */
  task(id: string): Promise<TaskView>
  /** Claims until something is there, whatever the queues were last found to be. */
  claim(limit?: number): Promise<Claim[]>
  /** The one step that can be claimed of this task; what else is claimed meanwhile is dropped. */
  claimOf(taskId: string): Promise<Claim>
  /** Lets every lease of the version lapse, as if their worker had been silent for long. */
  lapse(shape: Pick<DefinitionShape, 'name' | 'version'>): Promise<void>
  close(): Promise<void>
}

export interface RoomOptions {
  /** A folder, or any storage. Default: in memory. */
  storage?: string | StoreConfig
  artifacts?: ArtifactOptions
  logger?: Logger
  uploadLimit?: number
}

export async function openRooms(
  database: DatabaseConfig,
  shapes: readonly DefinitionShape[],
  options: RoomOptions = {},
): Promise<Rooms> {
  const logger = options.logger ?? pino({ level: process.env.ERRAND_LOG_LEVEL ?? 'silent' })
  const { storage } = options
  const config = typeof storage === 'string' ? { scheme: 'fs', root: storage } : (storage ?? { scheme: 'memory' })
  const storages = await openStorages({ default: config })
  const opened = await openDatabase(database, (error) => logger.warn({ err: error }, 'a database connection broke'))
  const dispatch = await openDispatch(opened, logger)
  const bus = await openBus(opened, logger)
  const catalog = new Catalog(opened.db, dispatch)
  const artifacts = new Artifacts(opened.db, storages, logger, options.artifacts)
  const uploads = new Uploads(opened.db, storages, {
    ...(options.uploadLimit === undefined ? {} : { limit: options.uploadLimit }),
    ...(options.artifacts?.clock === undefined ? {} : { clock: options.artifacts.clock }),
  })
  const segments = new Segments(storages)
  const access = new Access(new Roles(opened.db, logger))
  const people = new PeopleRecord(opened.db)
  const services: TaskServices = {
    db: opened.db,
    dispatch,
    catalog,
    bus,
    artifacts,
    uploads,
    segments,
    access,
    people,
    watching: new Watching(opened.db),
    inbox: new Inbox(opened.db, bus),
    logger,
  }
  const work = new Work(services)
  const worker = { id: randomUUID(), name: 'w', host: 'h', pid: 1, concurrency: 4 }
  await work.register(worker, shapes)
  const submit = createSubmit(services)
  const claim = async (limit = 10) => {
    // As if work had been announced: a queue that was found empty is asked again at once.
    bus.tell({ queues: shapes.map(({ name, version }) => queueOf(name, version)) })
    return work.claim(worker.id, limit)
  }
  return {
    services,
    work,
    worker,
    submit: (request) => submit(request, ada),
    task: (id) => readTask(services, id, staff),
    claim: (limit) =>
      until(async () => {
        const claims = await claim(limit)
        return claims.length > 0 && claims
      }, 'a claim'),
    claimOf: (taskId) =>
      until(async () => (await claim()).find((each) => each.taskId === taskId), `a claim of the task ${taskId}`),
    lapse: ({ name, version }) => dispatch.releaseAll(queueOf(name, version)),
    async close() {
      await work.close()
      await bus.close()
      await dispatch.close()
      await opened.close()
    },
  }
}

/** The same on an empty database of its own. */
export async function openEmptyRooms(
  kind: 'pglite' | 'postgres',
  shapes: readonly DefinitionShape[],
  options: RoomOptions = {},
): Promise<Rooms & { database: DatabaseConfig }> {
  const { config, drop } = await emptyDatabase(kind)
  const rooms = await openRooms(config, shapes, options)
  return {
    ...rooms,
    database: config,
    async close() {
      await rooms.close()
      await drop()
    },
  }
}
