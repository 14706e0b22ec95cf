import { pino } from 'pino'
import { Access, assertAdministrator, forbidden } from './access/access.ts'
import { People } from './access/people.ts'
import { isId, ping } from './access/policy.ts'
import { Roles } from './access/roles.ts'
import { Artifacts } from './artifacts/artifacts.ts'
import { openBody } from './artifacts/open-body.ts'
import { artifactView } from './artifacts/view.ts'
import { Catalog } from './catalog/catalog.ts'
import { defaults, type EngineConfig } from './config.ts'
import { CallersTransactions } from './database/callers-transaction.ts'
import { openDatabase } from './database/open.ts'
import { openDispatch, queueOf, slicesOf } from './dispatch/dispatch.ts'
import { openBus } from './events/bus.ts'
import { rollUp, Segments } from './fan-out/index.ts'
import { Notifications } from './notifications/notifications.ts'
import { Problem } from './problem.ts'
import { Retention } from './retention/retention.ts'
import { Schedules } from './schedules/schedules.ts'
import { openStorages } from './storage/storages.ts'
import { cancelTask, endOverdue } from './tasks/cancel.ts'
import { checkFailedItems, keepFanOuts, listFailedItems, pauseTask, setConcurrency } from './tasks/fan-out.ts'
import { Feed } from './tasks/feed.ts'
import { readWorkers } from './tasks/in-hand.ts'
import { limitReached, readLimits } from './tasks/limits.ts'
import { listTasks } from './tasks/list.ts'
import { readMeasures } from './tasks/measures.ts'
import {
  fileRights,
  findTask,
  mayDo,
  readLogs,
  readSubmitted,
  readTask,
  readTransitions,
  showMade,
} from './tasks/read.ts'
import { reconcile } from './tasks/reconcile.ts'
import { removeTask } from './tasks/remove.ts'
import type { TaskServices } from './tasks/services.ts'
import { restoreSnapshot, takeSnapshot } from './tasks/snapshot.ts'
import { readStatus } from './tasks/status.ts'
import { createSubmit, submitWithin } from './tasks/submit.ts'
import { startAllWaiting } from './tasks/wait.ts'
import { watchTask } from './tasks/watch.ts'
import { Work } from './tasks/work.ts'
import { repeat } from './timers.ts'
import type { ArtifactView, Engine, Origin, Principal } from './types.ts'
import { Uploads } from './uploads/uploads.ts'

/**
 * Opens the one door to the record: used by the server, the worker, and platforms that embed it.
 *
 * @throws {Problem} when the database, the data folder or a storage cannot be used, saying which and what to do
 * @example
 * ```ts
 * const engine = await createEngine({
 *   database: { kind: 'pglite', dataDir: '.errand/database' },
 *   storages: { default: { scheme: 'fs', root: '/var/lib/errand/storage' } },
 * })
 * const { task } = await engine.submit({ definition: 'course.export', input: { course } }, who)
 * ```
 */
export async function createEngine(config: EngineConfig): Promise<Engine> {
  const logger = config.logger ?? pino({ level: 'silent' })
  const storages = await openStorages(config.storages, config.routes)
  const database = await openDatabase(config.database, (error) =>
    logger.warn({ err: error }, 'a database connection broke'),
  )
  const { db } = database
  const dispatch = await openDispatch(database, logger)
  const bus = await openBus(database, logger)
  const people = new People(db)
  const notifications = new Notifications(db, bus, people.record, logger, config.notifications)
  const access = new Access(new Roles(db, logger, config.roles))
  const catalog = new Catalog(db, dispatch)
  const artifacts = new Artifacts(db, storages, logger, config)
  const uploads = new Uploads(db, storages, {
    ...(config.uploadLimit === undefined ? {} : { limit: config.uploadLimit }),
    ...(config.clock === undefined ? {} : { clock: config.clock }),
  })
  const segments = new Segments(storages)
  const services: TaskServices = {
    db,
    dispatch,
    catalog,
    bus,
    artifacts,
    uploads,
    segments,
    access,
    people: people.record,
    watching: people.watching,
    inbox: notifications.inbox,
    logger,
  }
  const clock = config.clock ?? { offsetSeconds: 0 }
  const retention = new Retention({ db, storages, artifacts, clock, logger }, config.retention)
  const submit = createSubmit(services)
  const schedules = new Schedules(services, clock, submit)
  const callers = new CallersTransactions(database)
  await callers.open()
  const work = new Work(services)
  const feed = new Feed(services)

  if (database.kind === 'pglite') {
    // The database was ours alone, and we have just begun: whoever held a lease is gone.
    for (const { name, shape, version } of await catalog.list()) {
      const slices = shape.steps.some(({ kind }) => kind === 'fan-out') ? [slicesOf(name, version)] : []
      for (const queue of [queueOf(name, version), ...slices]) {
        await dispatch.ensure(queue)
        await dispatch.releaseAll(queue)
      }
    }
  }
  const upkeep = repeat(defaults.reconcileInterval, logger, async () => {
    await endOverdue(services)
    await startAllWaiting(services)
    await reconcile(services)
    await artifacts.sweep()
    await people.sweep()
    await notifications.sweep()
    await keepFanOuts(services)
  })
  const timetable = repeat(defaults.scheduleInterval, logger, () => schedules.startDue())
  const sums = repeat(defaults.rollUpInterval, logger, () => rollUp(services))

  const artifactOf = async (id: string, who: Principal, action: 'read-artifact' | 'extend' | 'delete') => {
    const row = isId(id) ? await artifacts.find(id) : undefined
    const task = row && (await db.selectFrom('tasks').selectAll().where('id', '=', row.task_id).executeTakeFirst())
    if (row === undefined || task === undefined) throw artifactUnknown(id)
    const shape = await catalog.shape(db, task.definition, task.version)
    const subject = { task, shape, visibility: row.visibility }
    // Whoever may see it is told that they may not do more; to anybody else it does not exist.
    if (!(await access.may(who, 'view', subject)) || !(await access.may(who, 'read-artifact', subject)))
      throw artifactUnknown(id)
    if (action !== 'read-artifact' && !(await access.may(who, action, subject))) throw forbidden(`${action} this file`)
    const may = await fileRights(access.rightsOf(who), subject)
    return { row, view: artifactView(row, shape.artifacts[row.slot]?.title ?? row.slot, may) }
  }
  const accept = async (request: Parameters<Engine['submit']>[0], who: Principal) => {
    const { id, made } = await submit(request, who)
    if (made === undefined) return { task: await readTask(services, id, who), created: false }
    return { task: await showMade(services, made, who), created: true }
  }

  return {
    database: database.kind,
    work,
    people,
    notifications,
    schedules,
    submit: accept,
    within: (transaction) => ({
      async submit(request, who) {
        const { id, made } = await callers.run(transaction, (trx) => submitWithin(services, trx, request, who))
        return { id, created: made !== undefined }
      },
    }),
    getTask: (id, who) => readTask(services, id, who),
    findSubmitted: (key, who) => readSubmitted(services, key, who),
    listTasks: (query, who) => listTasks(services, query, who),
    async transitions(id, who, after) {
      await findTask(services, id, who)
      return readTransitions(db, id, after)
    },
    async logs(id, who, after) {
      await findTask(services, id, who)
      return readLogs(db, id, after)
    },
    failedItems: (id, step, query, who) => listFailedItems(services, id, step, query, who),
    watchTask: (id, who, options) => watchTask(services, id, who, options),
    watchAll: (who, options) => feed.follow(who, options),
    async cancel(id, who) {
      const task = await findTask(services, id, who)
      if (!(await mayDo(services, who, 'cancel', task))) throw forbidden('cancel this task')
      await cancelTask(services, id, who)
      return readTask(services, id, who)
    },
    deleteTask: (id, who) => removeTask(services, id, who),
    async runAgain(id, who, options = {}) {
      const task = await findTask(services, id, who)
      if (!(await mayDo(services, who, 'retry', task))) throw forbidden('run this task again')
      const { definition, input, uploads: files } = task
      if (options.failedItems) await checkFailedItems(services, task)
      const origin: Origin = { by: 'retry', of: id, ...(options.failedItems ? { failedItems: true as const } : {}) }
      return accept({ definition, input, uploads: files, origin }, who)
    },
    async pause(id, who) {
      await pauseTask(services, id, true, who)
      return readTask(services, id, who)
    },
    async resume(id, who) {
      await pauseTask(services, id, false, who)
      return readTask(services, id, who)
    },
    async setConcurrency(id, concurrency, who) {
      await setConcurrency(services, id, concurrency, who)
      return readTask(services, id, who)
    },
    async allowance(name, scope, who) {
      const shape = await catalog.choose(name)
      const limits = await readLimits(db, shape, { owner: who.id, scope })
      const refused = limitReached(shape, limits)
      return {
        mayStart: await access.may(who, 'start', { task: { owner: '', scope }, shape }),
        limits,
        refusal: refused === undefined ? null : `${refused.detail} ${refused.hint}`,
      }
    },
    definitions: (_who, query) => catalog.list(query),
    async promote(name, version, who) {
      assertAdministrator(who, 'promote a version')
      return catalog.promote(name, version)
    },
    async retire(name, version, who) {
      assertAdministrator(who, 'retire a version')
      return catalog.retire(name, version)
    },
    workers: (who) => readWorkers(services, who),
    createUpload: (file, who) => uploads.create(file, who),
    beginUpload: (file, who) => uploads.arriving.begin(file, who),
    findUpload: (metadata, who) => uploads.arriving.findSaid(metadata, who),
    arrivingUpload: (id, who) => uploads.arriving.find(id, who),
    appendUpload: (id, offset, body, who, checksum) => uploads.arriving.append(id, offset, body, who, checksum),
    removeUpload: (id, who) => uploads.arriving.remove(id, who),
    getUpload: (id, who) => uploads.get(id, who),
    getArtifact: async (id, who) => (await artifactOf(id, who, 'read-artifact')).view,
    async openArtifact(id, who, range) {
      const { row, view } = await artifactOf(id, who, 'read-artifact')
      return { artifact: view, body: await openBody(artifacts, row, who, range) }
    },
    async deliverArtifact(id, who, wish) {
      const { row, view } = await artifactOf(id, who, 'read-artifact')
      const delivered = await artifacts.deliver(row, who, wish)
      if (delivered.by !== 'stream') return { ...delivered, artifact: view }
      return {
        ...delivered,
        artifact: view,
        async settle(bytes, complete) {
          await delivered.settle(bytes, complete)
          // Its end may have been that of a use-once file: whoever has the page open sees it go.
          bus.tell({ tasks: [row.task_id] })
        },
      }
    },
    async extendArtifact(id, until, who) {
      const { row } = await artifactOf(id, who, 'extend')
      await artifacts.extend(row, until, who)
      bus.tell({ tasks: [row.task_id] })
      return (await artifactOf(id, who, 'read-artifact')).view
    },
    async artifactAccesses(id, who) {
      const { row } = await artifactOf(id, who, 'read-artifact')
      return artifacts.accesses(row.id)
    },
    async storageUsage(who) {
      assertAdministrator(who, 'see what takes how much storage')
      return artifacts.quotas.biggest(defaults.scopesShown)
    },
    async retentionPreview(who) {
      assertAdministrator(who, 'see what retention would remove')
      return retention.preview()
    },
    async retentionRun(who) {
      assertAdministrator(who, 'run retention')
      return retention.run()
    },
    async deleteArtifact(id, who): Promise<ArtifactView> {
      const { row } = await artifactOf(id, who, 'delete')
      await artifacts.delete(row, who)
      bus.tell({ tasks: [row.task_id] })
      return (await artifactOf(id, who, 'read-artifact')).view
    },
    async status(who) {
      assertAdministrator(who, 'see how the service stands')
      const [status, refusedSchedules] = await Promise.all([readStatus(services), schedules.refused()])
      return { database: database.kind, ...status, refusedSchedules }
    },
    async measures(who) {
      assertAdministrator(who, 'see how the service stands')
      const [measures, outbox, stored, uploaded] = await Promise.all([
        readMeasures(db),
        notifications.lag(),
        artifacts.quotas.byStorage(),
        uploads.byStorage(),
      ])
      return { ...measures, outbox, storage: [...stored, ...uploaded] }
    },
    async snapshot(id, who) {
      assertAdministrator(who, 'keep a task half-way')
      return takeSnapshot(services, await findTask(services, id, who))
    },
    async restore(snapshot, who, files = {}) {
      assertAdministrator(who, 'put back a task')
      return restoreSnapshot(services, snapshot, who, files)
    },
    ping: () => ping(db),
    async close() {
      await upkeep.stop()
      await timetable.stop()
      await sums.stop()
      await feed.close()
      await notifications.close()
      await work.close()
      await bus.close()
      await dispatch.close()
      await database.close()
    },
  }
}

function artifactUnknown(id: string): Problem {
  return new Problem({
    code: 'artifact-unknown',
    status: 404,
    title: 'There is no such file',
    detail: `No artifact ${id} is known to you.`,
    hint: 'Check the id; a task shows its outputs.',
  })
}
