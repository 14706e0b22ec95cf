import { type DefinitionShape, type Failure, isFinal, type MigratedTask } from '@errand/task'
import { sql, type Transaction } from 'kysely'
import { jsonText } from '../database/json-text.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { queueOf, slicesOf } from '../dispatch/dispatch.ts'
import { fanOutObstacle, moveSlices } from '../fan-out/index.ts'
import { isProblem } from '../problem.ts'
import type { VersionMove } from '../types.ts'
import { TaskChange } from './change.ts'
import { checkInput } from './check-input.ts'
import { lockTasks, newStep, type StepRow, type TaskRecord } from './record.ts'
import { checkResult } from './reports.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

/** What became of a move. `left`: something happened to the task meanwhile, which is tried again if it still applies. */
export type MoveOutcome = 'moved' | 'left' | 'refused'

/**
 * The second of the two moves: the task goes over to the newer version, in one transaction, if nothing has happened to it
 * since it was claimed: its sequence number tells. Completed steps stay completed; what had begun begins anew, but for
 * fan-outs: those go on behind the last flush of each slice.
 */
export async function finishMove(
  services: TaskServices,
  worker: { name: string },
  move: VersionMove,
  answer: MigratedTask | { failure: Failure },
): Promise<MoveOutcome> {
  const shape = await services.catalog.shape(services.db, move.definition, move.to)
  const queues = [queueOf(move.definition, move.to), slicesOf(move.definition, move.to)]
  for (const queue of queues) await services.dispatch.ensure(queue)
  const migrated = 'failure' in answer ? answer : check(shape, move, answer)
  const done = await services.db.transaction().execute(async (trx) => {
    const records = await lockTasks(trx, [move.taskId], (name, version) => services.catalog.shape(trx, name, version))
    const record = records.get(move.taskId)
    if (record === undefined || record.task.move_lease !== move.lease) return undefined
    const { task } = record
    const same = task.version === move.from && task.sequence === move.sequence && !isFinal('task', task.state)
    if (!same || (await services.catalog.isRetired(trx, shape))) {
      await endMove(trx, task.id, null)
      return undefined
    }
    if ('failure' in migrated) {
      await endMove(trx, task.id, { version: move.to, failure: migrated.failure })
      return { outcome: 'refused' as const }
    }
    const steps = [...record.steps.values()]
    const completed = new Set(steps.filter(({ state }) => state === 'completed').map(({ name }) => name))
    const obstacle = await fanOutObstacle(trx, task.id, shape, completed)
    if (obstacle !== undefined) {
      await endMove(trx, task.id, { version: move.to, failure: cannotGoOn(move, obstacle) })
      return { outcome: 'refused' as const }
    }
    const lost = steps.filter((step) => step.state === 'running' && !isFannedOut(step))
    const change = takeOver(record, shape, migrated, `worker ${worker.name}`)
    await writeRecord(trx, change)
    await services.dispatch.remove(trx, queueOf(move.definition, move.from), jobsOf(record))
    await moveSlices(trx, services.dispatch, { ...move, taskId: task.id })
    await saveChanges(trx, services.dispatch, [change])
    const remains = await services.artifacts.discard(
      trx,
      lost.map(({ name }) => ({ taskId: task.id, step: name })),
    )
    await debugPoint('mid-move')
    return { outcome: 'moved' as const, change, remains }
  })
  if (done === undefined) return 'left'
  services.bus.tell({ tasks: [move.taskId], queues })
  if (done.outcome === 'moved') {
    await startAfter(services, [done.change])
    await services.artifacts.purge(done.remains)
  }
  return done.outcome
}

/** What comes out of an author's code is input from outside. */
function check(
  shape: DefinitionShape,
  move: VersionMove,
  answer: MigratedTask,
): Required<MigratedTask> | { failure: Failure } {
  try {
    const results = answer.results ?? move.results
    for (const result of Object.values(results)) checkResult(result)
    return { input: checkInput(shape, answer.input), results }
  } catch (error) {
    if (!isProblem(error)) throw error
    const { code, detail, hint, title } = error
    return {
      failure: {
        code,
        title,
        detail,
        ...(hint === undefined ? {} : { hint }),
        retryable: false,
        reference: move.taskId.slice(-12),
      },
    }
  }
}

/** Its items are with its slices; no worker has the step itself. */
function isFannedOut({ kind, lease, state }: StepRow): boolean {
  return kind === 'fan-out' && state === 'running' && lease === null
}

function cannotGoOn(move: VersionMove, detail: string): Failure {
  return {
    code: 'fan-out-under-way',
    title: 'It cannot go on with the items where they stand',
    detail,
    hint: `Start a worker that has v${move.from} until the task is over, or bring a version that can.`,
    retryable: false,
    reference: move.taskId.slice(-12),
  }
}

async function endMove(
  trx: Transaction<Tables>,
  id: string,
  failure: { version: number; failure: Failure } | null,
): Promise<void> {
  const kept = failure === null ? sql`move_failure` : sql`${jsonText(failure)}::jsonb`
  await sql`UPDATE errand.tasks SET move_lease = NULL, move_until = NULL, move_failure = ${kept} WHERE id = ${id}`.execute(
    trx,
  )
}

function jobsOf({ steps }: TaskRecord): string[] {
  return [...steps.values()].flatMap(({ job, state }) => (job === null || isFinal('step', state) ? [] : [job]))
}

/** The task as the newer version has it, and what follows from that. */
function takeOver(
  record: TaskRecord,
  shape: DefinitionShape,
  migrated: Required<MigratedTask>,
  actor: string,
): TaskChange {
  const { task, shape: before } = record
  const change = new TaskChange({
    task: { ...task, version: shape.version, input: migrated.input },
    steps: stepsOf(record, shape, migrated.results),
    shape,
  })
  change.note(`taken over by v${shape.version}, as no worker serves v${before.version}`, actor)
  const declared = new Map(shape.steps.map((step) => [step.name, step]))
  for (const row of record.steps.values()) {
    if (isFannedOut(row)) continue
    const { losses, name, otherwise, attempt, state } = row
    if (state === 'running') {
      change.moveStep(name, 'ready', 'errand', 'its worker was lost', {
        lease: null,
        worker: null,
        losses: losses + 1,
        attempt: otherwise ? attempt : Math.max(0, attempt - 1),
      })
    }
    const now = change.stepState(name)
    if (now === undefined || isFinal('step', now)) continue
    const step = declared.get(name)
    if (step === undefined) {
      change.moveStep(name, now === 'retrying' ? 'canceled' : 'skipped', 'errand', `v${shape.version} has no such step`)
    } else if (now !== 'pending') {
      const due = step.after.every((other) => change.stepState(other) === 'completed')
      if (due) change.wakeAgain(name)
      else change.moveStep(name, 'pending', 'errand', `v${shape.version} has a step before it`, { job: null })
    }
  }
  change.follow()
  return change
}

/** The rows of the steps: those of the newer version in its order, behind them what it has no more. */
function stepsOf(record: TaskRecord, shape: DefinitionShape, results: Record<string, unknown>): Map<string, StepRow> {
  const { steps, task } = record
  const names = new Set(shape.steps.map(({ name }) => name))
  const rows = shape.steps.map((declared, ordinal): StepRow => {
    const old = steps.get(declared.name)
    if (old === undefined) return newStep(task.id, declared, ordinal)
    const over = isFinal('step', old.state)
    return {
      ...old,
      ordinal,
      kind: declared.kind,
      result: old.state === 'completed' ? (results[old.name] ?? null) : old.result,
      // It is another program's; the step begins anew. What `once` kept has happened and stays.
      checkpoint: over ? old.checkpoint : null,
      progress: over || isFannedOut(old) ? old.progress : null,
    }
  })
  const gone = [...steps.values()].filter(({ name }) => !names.has(name))
  const all = [...rows, ...gone.map((row, index) => ({ ...row, ordinal: rows.length + index }))]
  return new Map(all.map((row) => [row.name, row]))
}

/** What {@link saveChanges} does not write: the task's version and input, and the rows of the steps as such. */
async function writeRecord(trx: Transaction<Tables>, { record: { steps, task } }: TaskChange): Promise<void> {
  await sql`UPDATE errand.tasks SET version = ${task.version}, input = ${jsonText(task.input)}::jsonb,
    move_lease = NULL, move_until = NULL, move_failure = NULL WHERE id = ${task.id}`.execute(trx)
  const rows = [...steps.values()].map(({ name, ordinal, kind, state, result, checkpoint, progress }) => ({
    name,
    ordinal,
    kind,
    state,
    result,
    checkpoint,
    progress,
  }))
  await sql`
    INSERT INTO errand.steps (task_id, name, ordinal, kind, state, result, checkpoint, progress)
    SELECT ${task.id}::uuid, name, ordinal, kind, state, result, checkpoint, progress
    FROM jsonb_to_recordset(${jsonText(rows)}::jsonb)
      AS x (name text, ordinal int, kind text, state text, result jsonb, checkpoint jsonb, progress jsonb)
    ON CONFLICT (task_id, name) DO UPDATE SET ordinal = excluded.ordinal, kind = excluded.kind, result = excluded.result,
      checkpoint = excluded.checkpoint, progress = excluded.progress`.execute(trx)
}
