import { type DefinitionShape, fillTemplate } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { actorOf } from '../access/policy.ts'
import { batched, type Outcome } from '../batch.ts'
import { definitionRetired } from '../catalog/problems.ts'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import { isProblem, Problem } from '../problem.ts'
import { asProducer } from '../tracing.ts'
import type { Origin, Principal, SubmitRequest } from '../types.ts'
import { TaskChange } from './change.ts'
import { checkInput, requestDigest } from './check-input.ts'
import { checkUploads } from './check-uploads.ts'
import { alreadyRunning, keyReused } from './conflict.ts'
import { isLimited, limitReached, lockLimits, readLimits } from './limits.ts'
import { type MadeTask, madeTask } from './made.ts'
import { newStep, type TaskRow } from './record.ts'
import { insertTransitions, sendWakes } from './save.ts'
import type { TaskServices } from './services.ts'
import { startWaiting } from './wait.ts'

/** A request that has passed every check which needs no lock. */
interface Checked {
  shape: DefinitionShape
  /** What becomes of it when the definition allows one at a time and one is running. */
  conflict: 'refuse' | 'join' | 'wait'
  /** For the history. */
  actor: string
  row: Omit<
    TaskRow,
    'created_at' | 'started_at' | 'finished_at' | 'deadline_at' | 'move_lease' | 'move_until' | 'move_failure'
  > & { deadline: number | null }
}

/** A task that is there now, or was there before. */
export interface Accepted {
  id: string
  /** As it was made; without it, it was there before. */
  made?: MadeTask
}

const KEY_LIMIT = 255
/** Bytes: the longest scope and the longest key of "one at a time". Both are in indexes, whose entries are limited. */
const LABEL_LIMIT = 1_000

/** Takes tasks in: each with its steps, its first transitions and its first dispatch in one transaction. */
export function createSubmit(services: TaskServices) {
  const insert = batched<Checked, Accepted>((requests) => insertAll(services, requests), {
    max: defaults.batch,
    // One: what comes while it commits makes the next one bigger, which is worth more than beginning sooner.
    parallel: 1,
  })
  const take = async (request: SubmitRequest, who: Principal, traceparent: string | null): Promise<Accepted> => {
    let checked = await check(services, request, who, traceparent)
    const accepted = await insert(checked).catch(async (error: unknown) => {
      if (!isProblem(error) || error.code !== 'definition-retired') throw error
      // Another version was promoted and this one retired since the look at it: asked once more, there is a newer answer.
      checked = await check(services, request, who, traceparent)
      return insert(checked)
    })
    await debugPoint('after-submit')
    if (accepted.made !== undefined) {
      services.bus.tell({ tasks: [accepted.id], queues: [queueOf(checked.shape.name, checked.shape.version)] })
      // Whom it waits for may have ended meanwhile.
      if (checked.conflict === 'wait') await startWaiting(services, checked.shape.name, checked.row.unique_key)
    }
    return accepted
  }
  return (request: SubmitRequest, who: Principal): Promise<Accepted> =>
    asProducer(`submit ${request.definition}`, request.traceparent, async (traceparent, add) => {
      const accepted = await take(request, who, traceparent)
      add({ 'errand.task.id': accepted.id, 'errand.task.created': accepted.made !== undefined })
      return accepted
    })
}

async function check(
  services: TaskServices,
  request: SubmitRequest,
  who: Principal,
  traceparent: string | null,
): Promise<Checked> {
  const shape = await services.catalog.choose(request.definition, request.version)
  await services.dispatch.ensure(queueOf(shape.name, shape.version))
  const input = checkInput(shape, request.input)
  const scope = shape.scope === undefined ? '' : label(shape, 'scope', shape.scope, input)
  await services.access.assertMayStart(who, shape, scope)
  await services.people.seen(who)
  const uploads = await checkUploads(services, shape, request.uploads ?? {}, who)
  const ids = Object.fromEntries(uploads.map(({ name, id }) => [name, id]))
  if (
    request.idempotencyKey !== undefined &&
    (request.idempotencyKey.length > KEY_LIMIT || request.idempotencyKey === '')
  ) {
    throw new Problem({
      code: 'idempotency-key-invalid',
      status: 400,
      title: 'The Idempotency-Key is not valid',
      detail: `It has ${request.idempotencyKey.length} characters; 1 to ${KEY_LIMIT} are allowed.`,
      hint: 'A UUID does well.',
    })
  }
  if (Object.keys(shape.artifacts).length > 0) await services.artifacts.quotas.check(scope)
  return {
    shape,
    conflict: request.conflict ?? shape.unique?.conflict ?? 'refuse',
    actor: actorOf(who),
    row: {
      id: uuidv7(),
      definition: shape.name,
      version: shape.version,
      title: shape.title,
      scope,
      owner: who.id,
      owner_name: who.name,
      input,
      uploads: ids,
      origin: request.origin ?? { by: 'api' },
      state: 'pending',
      failure: null,
      unique_key: shape.unique === undefined ? null : label(shape, 'unique', shape.unique.key, input),
      waits_key: null,
      idempotency_key: request.idempotencyKey ?? null,
      request_digest:
        request.idempotencyKey === undefined
          ? null
          : requestDigest({
              definition: request.definition,
              input: request.input ?? {},
              // By what is in them: whoever repeats a request may have had to upload its files again.
              uploads: Object.fromEntries(uploads.map(({ name, sha256 }) => [name, sha256])),
            }),
      sequence: 0,
      deadline: shape.deadline ?? null,
      traceparent,
    },
  }
}

/** @throws {Problem} `input-invalid` for an input that makes it longer than can be kept */
function label(shape: DefinitionShape, what: string, template: string, input: Record<string, unknown>): string {
  const text = fillTemplate(template, input)
  const size = Buffer.byteLength(text)
  if (size <= LABEL_LIMIT) return text
  const fields = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, field]) => field ?? '')
  throw new Problem({
    code: 'input-invalid',
    status: 422,
    title: `The input does not fit ${shape.title}`,
    detail: `With ${fields.join(', ')} the task's "${what}" has ${size} bytes; ${LABEL_LIMIT} are allowed.`,
    hint: 'Give a shorter value.',
    extensions: { issues: fields.map((field) => ({ field, message: 'is too long' })) },
  })
}

async function insertAll(services: TaskServices, requests: readonly Checked[]): Promise<Outcome<Accepted>[]> {
  return services.db.transaction().execute(async (trx) => {
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
  })
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
  const { rows } = await sql<{ id: string; created_at: Date }>`
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
    SELECT id, created_at FROM made`.execute(trx)
  const times = new Map(rows.map(({ created_at, id }) => [id, created_at]))
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
