import { type Kysely, sql } from 'kysely'
import { maskedInput } from '../access/masked-input.ts'
import { isId, taskUnknown } from '../access/policy.ts'
import type { Action } from '../access/policy-table.ts'
import { type Batched, batched } from '../batch.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { LogLine, Principal, TaskPage, TaskQuery, TaskView, Transition } from '../types.ts'
import type { MadeTask } from './made.ts'
import type { StepRow, TaskRow } from './record.ts'
import type { TaskServices } from './services.ts'
import { taskView } from './view.ts'

const PAGE = { default: 50, most: 200 }

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

export async function readTask(services: TaskServices, id: string, who: Principal): Promise<TaskView> {
  const found = isId(id) ? await readerOf(services)(id) : undefined
  if (found === undefined || !(await mayDo(services, who, 'view', found.task))) throw taskUnknown(id)
  return shownTo(services, who, found)
}

/** The task for whoever has just started it, without a look at the record. */
export async function showMade(services: TaskServices, { steps, task }: MadeTask, who: Principal): Promise<TaskView> {
  if (!(await mayDo(services, who, 'view', task))) throw taskUnknown(task.id)
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  const served = await services.catalog.served()
  return shownTo(services, who, { task, view: taskView({ task, steps, artifacts: [], shape, served }) })
}

interface Found {
  task: TaskRow
  view: TaskView
}

/** The task without what is not for these eyes. */
async function shownTo(services: TaskServices, who: Principal, { task, view }: Found): Promise<TaskView> {
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  const mayRead = await Promise.all(
    view.artifacts.map(({ visibility }) => services.access.may(who, 'read-artifact', { task, shape, visibility })),
  )
  return {
    ...view,
    input: maskedInput(shape.input, view.input, await services.access.may(who, 'view-input', { task, shape })),
    artifacts: view.artifacts.filter((_artifact, index) => mayRead[index]),
  }
}

type Reader = Batched<string, Found | undefined>

const readers = new WeakMap<TaskServices, Reader>()

/** Reads that come together are one: with many submitters or many watchers, they are most of what the database does. */
function readerOf(services: TaskServices): Reader {
  const known = readers.get(services)
  if (known !== undefined) return known
  const reader: Reader = batched(
    async (ids) => {
      const tasks = await services.db
        .selectFrom('tasks')
        .selectAll()
        .where(sql<boolean>`id = ANY(${ids}::uuid[])`)
        .execute()
      const views = await viewsOf(services, tasks)
      const found = new Map(tasks.map((task, index) => [task.id, { task, view: views[index] }]))
      return ids.map((id) => {
        const { task, view } = found.get(id.toLowerCase()) ?? {}
        return { ok: true, value: task === undefined || view === undefined ? undefined : { task, view } }
      })
    },
    { max: defaults.batch, parallel: 2 },
  )
  readers.set(services, reader)
  return reader
}

async function viewsOf(services: TaskServices, tasks: readonly TaskRow[]): Promise<TaskView[]> {
  const ids = tasks.map(({ id }) => id)
  if (ids.length === 0) return []
  const [steps, artifacts, served] = await Promise.all([
    services.db
      .selectFrom('steps')
      .selectAll()
      .where(sql<boolean>`task_id = ANY(${ids}::uuid[])`)
      .orderBy('ordinal')
      .execute(),
    services.artifacts.ofTasks(ids),
    services.catalog.served(),
  ])
  const stepsOf = Map.groupBy<string, StepRow>(steps, ({ task_id }) => task_id)
  const artifactsOf = Map.groupBy(artifacts, ({ task_id }) => task_id)
  return Promise.all(
    tasks.map(async (task) =>
      taskView({
        task,
        steps: stepsOf.get(task.id) ?? [],
        artifacts: artifactsOf.get(task.id) ?? [],
        shape: await services.catalog.shape(services.db, task.definition, task.version),
        served,
      }),
    ),
  )
}

/** A page of tasks, newest first. The token is the id of the last task of the page before: ids grow with time. */
export async function listTasks(services: TaskServices, query: TaskQuery, who: Principal): Promise<TaskPage> {
  const limit = Math.min(Math.max(1, query.limit ?? PAGE.default), PAGE.most)
  let tasks = (await services.access.visible(services.db, who)).selectAll()
  if (query.state !== undefined && query.state.length > 0) tasks = tasks.where('state', 'in', [...query.state])
  if (query.definition !== undefined) tasks = tasks.where('definition', '=', query.definition)
  if (query.scope !== undefined) tasks = tasks.where('scope', '=', query.scope)
  if (query.owner !== undefined) tasks = tasks.where('owner', '=', query.owner)
  for (const word of (query.q ?? '').split(/\s+/).filter(Boolean).slice(0, 10)) {
    const pattern = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`
    tasks = tasks.where(sql<boolean>`(title ILIKE ${pattern} OR scope ILIKE ${pattern} OR id::text ILIKE ${pattern})`)
  }
  if (query.pageToken !== undefined) {
    if (!isId(query.pageToken)) {
      throw new Problem({
        code: 'page-token-invalid',
        status: 400,
        title: 'The page token is not valid',
        hint: 'Use the token that came with the page before.',
      })
    }
    tasks = tasks.where('id', '<', query.pageToken)
  }
  const rows = await tasks
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const views = await viewsOf(services, page)
  const shown = await Promise.all(
    page.flatMap((task, index) => {
      const view = views[index]
      return view === undefined ? [] : [shownTo(services, who, { task, view })]
    }),
  )
  return {
    tasks: shown.map(({ input: _input, ...summary }) => summary),
    nextPageToken: rows.length > limit ? (rows[limit - 1]?.id ?? null) : null,
  }
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
