import type { Kysely } from 'kysely'
import type { Rights, Subject } from '../access/access.ts'
import { maskedInput } from '../access/masked-input.ts'
import { isId, taskUnknown } from '../access/policy.ts'
import type { Action } from '../access/policy-table.ts'
import { type Batched, batched } from '../batch.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import type { FileRight, LogLine, Principal, TaskRight, TaskView, Transition } from '../types.ts'
import type { MadeTask } from './made.ts'
import { type TaskQueryBuilder, type TaskWithParts, tasksWithParts, withParts } from './parts.ts'
import type { TaskRow } from './record.ts'
import type { TaskServices } from './services.ts'
import { taskView, waitsForWorkers } from './view.ts'

/** @throws {Problem} `task-unknown`, also for what `who` may not see */
export async function findTask(services: TaskServices, id: string, who: Principal): Promise<TaskRow> {
  const row = isId(id)
    ? await services.db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirst()
    : undefined
  if (row === undefined || !(await mayDo(services, who, 'view', row))) throw taskUnknown(id)
  return row
}

/** The policy's answer about a task. */
export async function mayDo(
  services: TaskServices,
  who: Principal,
  action: Action,
  task: Pick<TaskRow, 'owner' | 'scope' | 'definition' | 'version'>,
): Promise<boolean> {
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  return services.access.may(who, action, { task, shape })
}

/** @throws {Problem} `task-unknown`, also for what `who` may not see */
export async function readTask(services: TaskServices, id: string, who: Principal): Promise<TaskView> {
  const found = await readForAll(services, id)
  if (found === undefined || !(await mayDo(services, who, 'view', found.task))) throw taskUnknown(id)
  return shownTo(services, who, found)
}

/** The task that a person's submit with this Idempotency-Key led to. */
export async function readSubmitted(
  services: TaskServices,
  key: string,
  who: Principal,
): Promise<TaskView | undefined> {
  const row = await services.db
    .selectFrom('tasks')
    .select('id')
    .where('owner', '=', who.id)
    .where('idempotency_key', '=', key)
    .executeTakeFirst()
  return row && readTask(services, row.id, who)
}

/** The task for whoever has just started it, without a look at the record. */
export async function showMade(services: TaskServices, { steps, task }: MadeTask, who: Principal): Promise<TaskView> {
  if (!(await mayDo(services, who, 'view', task))) throw taskUnknown(task.id)
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  const served = await services.catalog.served()
  return shownTo(services, who, { task, view: taskView({ task, steps, artifacts: [], shape, served }) })
}

/** A task as it is, before it is known who looks. */
export interface FoundTask {
  task: TaskRow
  view: TaskView
}

/** The task without what is not for these eyes, and with what they may do. */
export async function shownTo(
  { access, catalog, db }: TaskServices,
  who: Principal,
  { task, view }: FoundTask,
  rights: Rights = access.rightsOf(who),
): Promise<TaskView> {
  const shape = await catalog.shape(db, task.definition, task.version)
  const subject = { task, shape }
  const may = (action: Action) => rights.may(action, subject)
  const artifacts = await Promise.all(
    view.artifacts.map(async (artifact) => {
      const about = { ...subject, visibility: artifact.visibility }
      if (!(await rights.may('read-artifact', about))) return []
      return [{ ...artifact, may: await fileRights(rights, about) }]
    }),
  )
  const input = maskedInput(shape.input, view.input, await may('view-input'))
  return { ...view, input, artifacts: artifacts.flat(), may: await taskRights(may) }
}

async function taskRights(may: (action: Action) => Promise<boolean>): Promise<TaskRight[]> {
  const found: TaskRight[] = []
  if (await may('cancel')) found.push('cancel')
  if (await may('retry')) found.push('retry')
  if (await may('delete-task')) found.push('delete')
  return found
}

/** What somebody may do with an output. */
export async function fileRights(rights: Rights, subject: Subject): Promise<FileRight[]> {
  const found: FileRight[] = []
  if (await rights.may('extend', subject)) found.push('extend')
  if (await rights.may('delete', subject)) found.push('delete')
  return found
}

/** The task as it is, for whoever then asks who may see it. */
export async function readForAll(services: TaskServices, id: string): Promise<FoundTask | undefined> {
  return isId(id) ? readerOf(services)(id) : undefined
}

type Reader = Batched<string, FoundTask | undefined>

const readers = new WeakMap<TaskServices, Reader>()

/** Reads that come together are one: with many submitters or many watchers, they are most of what the database does. */
function readerOf(services: TaskServices): Reader {
  const known = readers.get(services)
  if (known !== undefined) return known
  const reader: Reader = batched(
    async (ids) => {
      const views = await viewsById(services, ids)
      const found = new Map(views.map((each) => [each.task.id, each]))
      return ids.map((id) => ({ ok: true, value: found.get(id.toLowerCase()) }))
    },
    { max: defaults.batch, parallel: 2 },
  )
  readers.set(services, reader)
  return reader
}

/** The tasks with these ids, in no order, with what makes up each. */
export async function viewsById(services: TaskServices, ids: readonly string[]): Promise<FoundTask[]> {
  return viewsOfParts(services, await tasksWithParts(services.db, ids))
}

/** The tasks that a query finds, in its order, with what makes up each. */
export async function viewsOf(services: TaskServices, query: TaskQueryBuilder): Promise<FoundTask[]> {
  return viewsOfParts(services, await withParts(query))
}

async function viewsOfParts(services: TaskServices, tasks: readonly TaskWithParts[]): Promise<FoundTask[]> {
  const served = tasks.some(({ steps, task }) => waitsForWorkers(task, steps))
    ? await services.catalog.served()
    : new Set<string>()
  return Promise.all(
    tasks.map(async ({ artifacts, steps, task }) => {
      const shape = await services.catalog.shape(services.db, task.definition, task.version)
      return { task, view: taskView({ task, steps, artifacts, shape, served }) }
    }),
  )
}

/** In order, after sequence number `after`. */
export async function readTransitions(db: Kysely<Tables>, id: string, after = 0): Promise<Transition[]> {
  const rows = await db
    .selectFrom('transitions')
    .select(['task_id as taskId', 'sequence', 'step', 'from', 'to', 'reason', 'actor', 'at'])
    .where('task_id', '=', id)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .execute()
  return rows
}

export async function readLogs(db: Kysely<Tables>, id: string, after = 0): Promise<LogLine[]> {
  return db
    .selectFrom('logs')
    .select(['id', 'step', 'message', 'at'])
    .where('task_id', '=', id)
    .where('id', '>', after)
    .orderBy('id')
    .limit(10_000)
    .execute()
}
