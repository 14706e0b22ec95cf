import { ERRORS_SLOT, isFinal } from '@errand/task'
import { forbidden } from '../access/access.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import {
  endIfTooManyFailed,
  endWithin,
  type FanOutRef,
  openFanOuts,
  readFailedItems,
  resendSlices,
  sweepSegments,
  topUp,
  wakeSlices,
  winFinish,
} from '../fan-out/index.ts'
import { Problem } from '../problem.ts'
import type { FailedItemPage, Principal } from '../types.ts'
import { TaskChange } from './change.ts'
import { findTask, mayDo } from './read.ts'
import { lockTasks, type TaskRow } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

/** Slices at once, over all workers: more than this are a mistake. */
const MOST_AT_ONCE = 1_000

/**
 * Wakes the step once every item has its outcome, to put the outputs together. Asked after each slice that may have been
 * the last, and by the sweeper for whoever crashed before asking; one of them wins.
 */
export async function finishFanOut(services: TaskServices, ref: FanOutRef): Promise<void> {
  const change = await services.db.transaction().execute(async (trx) => {
    const records = await lockTasks(trx, [ref.taskId], (name, version) => services.catalog.shape(trx, name, version))
    const record = records.get(ref.taskId)
    const step = record?.steps.get(ref.step)
    if (record === undefined || step === undefined || step.state !== 'running' || step.lease !== null) return undefined
    const change = new TaskChange(record)
    if (change.ending) change.follow()
    else {
      // Whoever recorded the last failures may not have come to look at them yet, or never will.
      await endWithin(trx, services, ref)
      if (!(await winFinish(trx, ref))) return undefined
      // What listing the items took is over with: putting it together has tries of its own.
      change.moveStep(ref.step, 'ready', 'errand', 'every item has its outcome', { attempt: 0 })
      change.wake(ref.step)
    }
    await saveChanges(trx, services.dispatch, [change])
    return change
  })
  if (change === undefined) return
  const { definition, version } = change.record.task
  services.bus.tell({ tasks: [ref.taskId], queues: [queueOf(definition, version)] })
  await startAfter(services, [change])
}

/** After items have failed: too many of them end the step at once. */
export async function checkFailures(services: TaskServices, ref: FanOutRef): Promise<void> {
  if (await endIfTooManyFailed(services, ref)) await finishFanOut(services, ref)
}

/** What upkeep does for fan-outs, on every node. */
export async function keepFanOuts(services: TaskServices): Promise<void> {
  await resendSlices(services)
  for (const ref of await openFanOuts(services)) {
    await topUp(services, ref)
    await endIfTooManyFailed(services, ref)
    await finishFanOut(services, ref)
  }
  await sweepSegments(services)
}

/** Begins no more slices of a task, or goes on. @throws {Problem} `task-unknown`, `not-fanning-out` */
export function pauseTask(services: TaskServices, id: string, paused: boolean, who: Principal): Promise<void> {
  return changeFanOuts(services, id, who, { paused })
}

/** @throws {Problem} `task-unknown`, `not-fanning-out`, `concurrency-invalid` */
export async function setConcurrency(
  services: TaskServices,
  id: string,
  concurrency: number,
  who: Principal,
): Promise<void> {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_AT_ONCE) {
    throw new Problem({
      code: 'concurrency-invalid',
      status: 422,
      title: 'That is no number of slices',
      detail: `It is ${concurrency}; 1 to ${MOST_AT_ONCE} may be worked on at once.`,
      hint: 'Give a whole number.',
    })
  }
  return changeFanOuts(services, id, who, { concurrency })
}

/**
 * Whether a new task over just the failed items of another makes up for what that one lacks.
 *
 * @throws {Problem} `nothing-failed` when there are no failed items to run again, `items-not-tried` when others were not done
 *   either, `failed-items-elsewhere` when the version that would run them has no such step
 */
export async function checkFailedItems({ catalog, db }: TaskServices, task: TaskRow): Promise<void> {
  const failed = await db.selectFrom('item_failures').select('step').distinct().where('task_id', '=', task.id).execute()
  if (failed.length === 0) {
    throw new Problem({
      code: 'nothing-failed',
      status: 409,
      title: 'No item of the task has failed',
      hint: 'Run the whole task again instead.',
    })
  }
  if (task.state !== 'completed_with_errors') {
    const over = isFinal('task', task.state)
    throw new Problem({
      code: 'items-not-tried',
      status: 409,
      title: 'The failed items are not all that is missing',
      detail: `The task is ${task.state}: ${over ? 'its other items and the steps after them were not done either' : 'more of its items may fail'}.`,
      hint: over ? 'Run the whole task again instead.' : 'Wait until it is over.',
    })
  }
  const shape = await catalog.choose(task.definition)
  const missing = failed.find(({ step }) => !shape.steps.some(({ kind, name }) => name === step && kind === 'fan-out'))
  if (missing === undefined) return
  throw new Problem({
    code: 'failed-items-elsewhere',
    status: 409,
    title: `Version ${shape.version} has no step with items called "${missing.step}"`,
    detail: `The items failed in version ${task.version}, and new tasks get version ${shape.version}.`,
    hint: 'Run the whole task again instead.',
  })
}

/** @throws {Problem} `task-unknown`, `step-unknown`, `forbidden`, `page-token-invalid` */
export async function listFailedItems(
  services: TaskServices,
  id: string,
  step: string,
  query: { limit?: number; pageToken?: string },
  who: Principal,
): Promise<FailedItemPage> {
  const task = await findTask(services, id, who)
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  if (!shape.steps.some(({ name }) => name === step)) {
    throw new Problem({
      code: 'step-unknown',
      status: 404,
      title: `The task has no step "${step.slice(0, 100)}"`,
      hint: `It has: ${shape.steps.map(({ name }) => name).join(', ')}.`,
    })
  }
  // It is what the list of errors says, so it is for those who may read that.
  const { visibility = 'owner' } = shape.artifacts[ERRORS_SLOT] ?? {}
  if (!(await services.access.may(who, 'read-artifact', { task, shape, visibility }))) {
    throw forbidden('see which items failed')
  }
  return readFailedItems(services.db, { taskId: id, step }, query)
}

async function changeFanOuts(
  services: TaskServices,
  id: string,
  who: Principal,
  change: { paused: boolean } | { concurrency: number },
): Promise<void> {
  const task = await findTask(services, id, who)
  if (!(await mayDo(services, who, 'cancel', task))) throw forbidden('steer this task')
  const shape = await services.catalog.shape(services.db, task.definition, task.version)
  const rows = isFinal('task', task.state)
    ? []
    : await services.db
        .updateTable('fan_outs')
        .set(change)
        .where('task_id', '=', id)
        .where('phase', '<>', 'done')
        .returning('step')
        .execute()
  if (rows.length === 0) {
    throw new Problem({
      code: 'not-fanning-out',
      status: 409,
      title: 'The task is not working on items',
      detail: shape.steps.some(({ kind }) => kind === 'fan-out')
        ? `It is ${task.state}, and its step with many items has not begun or is over.`
        : `${shape.title} has no step with many items.`,
      hint: 'Only a step with many items, while it runs, can be paused or worked on by more at once.',
    })
  }
  services.bus.tell({ tasks: [id] })
  for (const { step } of rows) {
    if ('paused' in change && !change.paused) await wakeSlices(services, { taskId: id, step })
    await topUp(services, { taskId: id, step })
  }
}
