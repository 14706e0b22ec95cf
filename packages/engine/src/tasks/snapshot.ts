import { type DefinitionShape, type Failure, isFinal, parseShape, type StepState, shapeSchema } from '@errand/task'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { z } from 'zod'
import { jsonText } from '../database/json-text.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import { Problem } from '../problem.ts'
import type { Principal, TaskSnapshot } from '../types.ts'
import { TaskChange } from './change.ts'
import { checkUploads } from './check-uploads.ts'
import { newStep, type StepRow, type TaskRow } from './record.ts'
import { insertTransitions, sendWakes } from './save.ts'
import type { TaskServices } from './services.ts'

const snapshotSchema = z.object({
  format: z.literal(1),
  shape: shapeSchema,
  scope: z.string(),
  input: z.record(z.string(), z.unknown()),
  begun: z.boolean(),
  steps: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['pending', 'ready', 'completed']),
      attempt: z.int().min(0),
      result: z.unknown(),
      checkpoint: z.unknown(),
      once: z.record(z.string(), z.unknown()),
    }),
  ),
})

/** A task in flight as data. A step in hand is one that is to begin: that is how another worker would meet it. */
export async function takeSnapshot(services: TaskServices, task: TaskRow): Promise<TaskSnapshot> {
  if (isFinal('task', task.state) || task.state === 'canceling' || task.failure !== null) {
    throw new Problem({
      code: 'task-not-in-flight',
      status: 409,
      title: 'Only a task that goes on can be kept half-way',
      detail: `The task ${task.id} is ${task.failure === null ? task.state : 'failing'}.`,
      hint: 'Take the snapshot while one of its steps waits.',
    })
  }
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  const rows = await services.db
    .selectFrom('steps')
    .selectAll()
    .where('task_id', '=', task.id)
    .orderBy('ordinal')
    .execute()
  return {
    format: 1,
    shape,
    scope: task.scope,
    input: task.input,
    begun: task.state === 'running',
    steps: rows.map(({ name, state, attempt, result, checkpoint, once }) => ({
      name,
      state: kept(state),
      attempt: state === 'running' ? Math.max(0, attempt - 1) : attempt,
      result,
      checkpoint,
      once,
    })),
  }
}

function kept(state: StepState): 'pending' | 'ready' | 'completed' {
  return state === 'completed' || state === 'pending' ? state : 'ready'
}

/** Puts the task back as it was, as a new one, on the version it had. @returns its id */
export async function restoreSnapshot(
  services: TaskServices,
  given: TaskSnapshot,
  who: Principal,
  uploads: Readonly<Record<string, string>>,
): Promise<string> {
  const snapshot = snapshotSchema.parse(given)
  const shape = parseShape(snapshot.shape)
  const queue = queueOf(shape.name, shape.version)
  await services.catalog.adopt(shape)
  const files = await checkUploads(services, shape, uploads, who)
  const change = changeOf(snapshot, shape, who, Object.fromEntries(files.map(({ name, id }) => [name, id])))
  const { steps, task } = change.record
  const stepRows = [...steps.values()].map((step) => ({
    ...step,
    state: change.stepState(step.name),
    job: change.patches.get(step.name)?.job ?? null,
  }))
  await services.db.transaction().execute(async (trx) => {
    const { input, origin, uploads: ids, id, definition, version, title, scope, owner, owner_name, state } = task
    await trx
      .insertInto('tasks')
      .values({
        ...{ id, definition, version, title, scope, owner, owner_name, state, sequence: change.sequence },
        ...{ input: jsonText(input), origin: jsonText(origin), uploads: jsonText(ids) },
      })
      .execute()
    await sql`
      INSERT INTO errand.steps (task_id, name, ordinal, kind, state, attempt, result, checkpoint, once, job)
      SELECT task_id, name, ordinal, kind, state, attempt, result, checkpoint, once, job
      FROM jsonb_to_recordset(${jsonText(stepRows)}::jsonb) AS x (task_id uuid, name text, ordinal int, kind text,
        state text, attempt int, result jsonb, checkpoint jsonb, once jsonb, job uuid)`.execute(trx)
    await insertTransitions([change]).execute(trx)
    await sendWakes(trx, services.dispatch, [{ queue, wakes: change.wakes }])
  })
  services.bus.tell({ tasks: [task.id], queues: [queue] })
  return task.id
}

function changeOf(
  snapshot: z.output<typeof snapshotSchema>,
  shape: DefinitionShape,
  who: Principal,
  uploads: Record<string, string>,
): TaskChange {
  const id = uuidv7()
  const was = new Map(snapshot.steps.map((step) => [step.name, step]))
  const steps = shape.steps.map((declared, ordinal): StepRow => {
    const { attempt, checkpoint, once, result, state } = was.get(declared.name) ?? {}
    const row = newStep(id, declared, ordinal)
    if (state === undefined) return row
    return {
      ...row,
      state,
      attempt: attempt ?? 0,
      checkpoint: checkpoint ?? null,
      once: once ?? {},
      result: result ?? null,
    }
  })
  const none: Failure | null = null
  const task: TaskRow = {
    ...{ id, definition: shape.name, version: shape.version, title: shape.title, scope: snapshot.scope },
    ...{ owner: who.id, owner_name: who.name, input: snapshot.input, uploads, origin: { by: 'api' } },
    ...{ state: snapshot.begun ? 'running' : 'pending', failure: none, unique_key: null, waits_key: null },
    ...{ idempotency_key: null, request_digest: null, sequence: 0, deadline_at: null, created_at: new Date(0) },
    ...{
      traceparent: null,
      started_at: null,
      finished_at: null,
      move_lease: null,
      move_until: null,
      move_failure: null,
    },
  }
  const change = new TaskChange({ task, steps: new Map(steps.map((step) => [step.name, step])), shape })
  change.sequence++
  const reason = 'restored from a snapshot'
  change.moves.push({ sequence: 1, step: null, from: null, to: task.state, reason, actor: who.id })
  for (const { name, state } of steps) if (state === 'ready') change.wakeAgain(name)
  change.follow()
  return change
}
