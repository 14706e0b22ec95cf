import { sql, type Transaction } from 'kysely'
import { batched, type Outcome } from '../batch.ts'
import { definitionRetired } from '../catalog/problems.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import { tellOnCommit } from '../events/bus.ts'
import { isProblem } from '../problem.ts'
import { asProducer } from '../tracing.ts'
import type { Origin, Principal, SubmitRequest } from '../types.ts'
import { TaskChange } from './change.ts'
import { type Checked, checkSubmit } from './check-submit.ts'
import { alreadyRunning, keyReused } from './conflict.ts'
import { isLimited, limitReached, lockLimits, readLimits } from './limits.ts'
import { type MadeTask, madeTask } from './made.ts'
import { newStep } from './record.ts'
import { insertTransitions, sendWakes } from './save.ts'
import type { TaskServices } from './services.ts'
import { startWaiting } from './wait.ts'

/** A task that is there now, or was there before. */
export interface Accepted {
  id: string
  /** As it was made; without it, it was there before. */
  made?: MadeTask
}

/** Takes tasks in: each with its steps, its first transitions and its first dispatch in one transaction. */
export function createSubmit(services: TaskServices) {
  const insert = batched<Checked, Accepted>(
    (requests) => services.db.transaction().execute((trx) => insertAll(services, trx, requests)),
    // One: what comes while it commits makes the next one bigger, which is worth more than beginning sooner.
    // Whoever holds a key within a transaction of their own may take their time with it: nobody else's task waits for that.
    { max: defaults.batch, parallel: 1, slow: { after: defaults.slowSubmit, most: defaults.slowSubmits } },
  )
  return (request: SubmitRequest, who: Principal): Promise<Accepted> =>
    take(services, request, who, insert, async ({ id, made }, { conflict, row, shape }) => {
      await debugPoint('after-submit')
      if (made === undefined) return
      services.bus.tell({ tasks: [id], queues: [queueOf(shape.name, shape.version)] })
      // Whom it waits for may have ended meanwhile.
      if (conflict === 'wait') await startWaiting(services, shape.name, row.unique_key)
    })
}

/**
 * Takes one task in within a transaction that somebody else commits. Others hear of it with the commit; should the task
 * that it waits for have ended by then, the next round of upkeep begins it.
 */
export function submitWithin(
  services: TaskServices,
  trx: Transaction<Tables>,
  request: SubmitRequest,
  who: Principal,
): Promise<Accepted> {
  const insert = async (checked: Checked) => {
    const [outcome] = await insertAll(services, trx, [checked])
    if (outcome === undefined) throw new Error('The submit gave no answer.')
    if (!outcome.ok) throw outcome.error
    return outcome.value
  }
  return take(services, request, who, insert, async ({ id, made }, { shape }) => {
    if (made !== undefined) await tellOnCommit(trx, { tasks: [id], queues: [queueOf(shape.name, shape.version)] })
  })
}

/** Checks the request and has it inserted, as a span of whoever asks. */
function take(
  services: TaskServices,
  request: SubmitRequest,
  who: Principal,
  insert: (checked: Checked) => Promise<Accepted>,
  then: (accepted: Accepted, checked: Checked) => Promise<void>,
): Promise<Accepted> {
  return asProducer(`submit ${request.definition}`, request.traceparent, async (traceparent, add) => {
    let checked = await checkSubmit(services, request, who, traceparent)
    const accepted = await insert(checked).catch(async (error: unknown) => {
      if (!isProblem(error) || error.code !== 'definition-retired') throw error
      // Another version was promoted and this one retired since the look at it: asked once more, there is a newer answer.
      checked = await checkSubmit(services, request, who, traceparent)
      return insert(checked)
    })
    await then(accepted, checked)
    add({ 'errand.task.id': accepted.id, 'errand.task.created': accepted.made !== undefined })
    return accepted
  })
}

async function insertAll(
  services: TaskServices,
  trx: Transaction<Tables>,
  requests: readonly Checked[],
): Promise<Outcome<Accepted>[]> {
  const limited = requests.filter(({ shape }) => isLimited(shape))
  await lockLimits(
    trx,
    limited.map(({ row, shape }) => ({ shape, starter: row })),
  )
  const inserted = await insertTasks(services, trx, without(requests, limited), true)
  const outcomes: Outcome<Accepted>[] = []
  for (const request of requests) {
    if (limited.includes(request)) outcomes.push(await insertLimited(services, trx, request))
    else outcomes.push(madeOf(inserted, request) ?? (await resolveConflict(services, trx, request)))
  }
  return outcomes
}

function without(all: readonly Checked[], some: readonly Checked[]): readonly Checked[] {
  return some.length === 0 ? all : all.filter((one) => !some.includes(one))
}

/** One by one, as each counts for the next. What was asked for before is not asked for again. */
async function insertLimited(
  services: TaskServices,
  trx: Transaction<Tables>,
  request: Checked,
): Promise<Outcome<Accepted>> {
  const { row, shape } = request
  const repeated = await findRepeated(trx, row)
  if (repeated !== undefined) return repeated
  const refused = limitReached(shape, await readLimits(trx, shape, row))
  if (refused !== undefined) return { ok: false, error: refused }
  const inserted = await insertTasks(services, trx, [request], true)
  return madeOf(inserted, request) ?? resolveConflict(services, trx, request)
}

function madeOf(inserted: ReadonlyMap<string, MadeTask>, { row: { id } }: Checked): Outcome<Accepted> | undefined {
  const made = inserted.get(id)
  return made && { ok: true, value: { id, made } }
}

/** @returns by their ids, those that met no other task with their key */
async function insertTasks(
  services: TaskServices,
  trx: Transaction<Tables>,
  requests: readonly Checked[],
  begin: boolean,
): Promise<Map<string, MadeTask>> {
  if (requests.length === 0) return new Map()
  const changes = requests.map((request) => firstChange(request, begin))
  const tasks = requests.map(({ row }, index) => ({ ...row, sequence: changes[index]?.sequence }))
  const steps = changes.flatMap((change) =>
    [...change.record.steps.values()].map(({ kind, name, ordinal, state, task_id }) => ({
      task_id,
      name,
      ordinal,
      kind,
      state: change.stepState(name) ?? state,
      job: change.patches.get(name)?.job ?? null,
    })),
  )
  // One statement, for all that is known beforehand. Who meets another task with its key leaves no trace.
  // Its time comes back as a number: within a platform's transaction its driver reads times in a way of its own.
  const { rows } = await sql<{ id: string; created_ms: number }>`
    WITH made AS (
      INSERT INTO errand.tasks (id, definition, version, title, scope, owner, owner_name, input, uploads, origin, state,
        unique_key, waits_key, idempotency_key, request_digest, sequence, traceparent, deadline_at)
      SELECT x.id, x.definition, x.version, x.title, x.scope, x.owner, x.owner_name, x.input, x.uploads, x.origin, x.state,
        x.unique_key, x.waits_key, x.idempotency_key, x.request_digest, x.sequence, x.traceparent,
        now() + make_interval(secs => x.deadline)
      FROM jsonb_to_recordset(${JSON.stringify(tasks)}::jsonb) AS x (id uuid, definition text, version int, title text,
        scope text, owner text, owner_name text, input jsonb, uploads jsonb, origin jsonb, state text, unique_key text,
        waits_key text, idempotency_key text, request_digest text, sequence int, traceparent text,
        deadline float8)
      JOIN errand.definitions d ON d.name = x.definition AND d.version = x.version AND d.retired_at IS NULL
      -- Whoever retires the version has it locked: this waits for that, and looks again.
      FOR KEY SHARE OF d
      ON CONFLICT DO NOTHING
      RETURNING id, created_at
    ), made_steps AS (
      INSERT INTO errand.steps (task_id, name, ordinal, kind, state, job)
      SELECT task_id, name, ordinal, kind, state, job
      FROM jsonb_to_recordset(${JSON.stringify(steps)}::jsonb)
        AS x (task_id uuid, name text, ordinal int, kind text, state text, job uuid)
      JOIN made ON made.id = x.task_id
    ), made_transitions AS (
      ${insertTransitions(changes)}
      JOIN made ON made.id = x.task_id
    )
    SELECT id, (extract(epoch FROM created_at) * 1000)::float8 AS created_ms FROM made`.execute(trx)
  const times = new Map(rows.map(({ created_ms, id }) => [id, new Date(created_ms)]))
  const made = changes.filter((change) => times.has(change.record.task.id))
  await sendWakes(
    trx,
    services.dispatch,
    made.map(({ record, wakes }) => ({ queue: queueOf(record.task.definition, record.task.version), wakes })),
  )
  return new Map(
    made.map((change) => [change.record.task.id, madeTask(change, times.get(change.record.task.id) ?? new Date())]),
  )
}

/** The new task, and, unless it waits for another, what follows from it at once: the steps that wait for nothing. */
function firstChange({ actor, shape, row }: Checked, begin: boolean): TaskChange {
  const steps = shape.steps.map((declared, ordinal) => newStep(row.id, declared, ordinal))
  const { deadline: _deadline, ...task } = row
  const change = new TaskChange({
    // The times are the database's; nothing before the insert looks at them.
    task: {
      ...task,
      created_at: new Date(0),
      started_at: null,
      finished_at: null,
      deadline_at: null,
      move_lease: null,
      move_until: null,
      move_failure: null,
    },
    steps: new Map(steps.map((step) => [step.name, step])),
    shape,
  })
  change.sequence++
  change.moves.push({
    sequence: change.sequence,
    step: null,
    from: null,
    to: 'pending',
    reason: describeOrigin(row.origin),
    actor,
  })
  if (begin) change.follow()
  return change
}

function describeOrigin(origin: Origin): string | null {
  if (origin.schedule !== undefined) return `by the schedule ${origin.schedule}`
  return origin.of === undefined ? null : `run again of ${origin.of}`
}

async function resolveConflict(
  services: TaskServices,
  trx: Transaction<Tables>,
  request: Checked,
): Promise<Outcome<Accepted>> {
  const { conflict, row, shape } = request
  const repeated = await findRepeated(trx, row)
  if (repeated !== undefined) return repeated
  if (conflict === 'wait') {
    const waiting = { ...request, row: { ...row, unique_key: null, waits_key: row.unique_key } }
    const inserted = await insertTasks(services, trx, [waiting], false)
    const made = madeOf(inserted, waiting)
    if (made !== undefined) return made
    // Another process has just taken the Idempotency-Key: nothing else can stand in the way of one that waits.
    const other = await findRepeated(trx, row)
    if (other !== undefined) return other
  }
  const running = await trx
    .selectFrom('tasks')
    .select(['id', 'owner_name'])
    .where('definition', '=', row.definition)
    .where('unique_key', '=', row.unique_key)
    .where('state', 'in', ['pending', 'running', 'canceling'])
    .executeTakeFirst()
  if (running === undefined && (await services.catalog.isRetired(trx, shape))) {
    return { ok: false, error: definitionRetired(shape.name, shape.version) }
  }
  if (running !== undefined && conflict === 'join') return { ok: true, value: { id: running.id } }
  return { ok: false, error: alreadyRunning(shape, running) }
}

/** What has become of the Idempotency-Key, if it was used before. */
async function findRepeated(trx: Transaction<Tables>, row: Checked['row']): Promise<Outcome<Accepted> | undefined> {
  if (row.idempotency_key === null) return undefined
  const same = await trx
    .selectFrom('tasks')
    .select(['id', 'request_digest'])
    .where('owner', '=', row.owner)
    .where('idempotency_key', '=', row.idempotency_key)
    .executeTakeFirst()
  if (same === undefined) return undefined
  if (same.request_digest === row.request_digest) return { ok: true, value: { id: same.id } }
  return { ok: false, error: keyReused(same.id) }
}
