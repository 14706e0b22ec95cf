import { isFinal } from '@errand/task'
import type { Transaction } from 'kysely'
import { defaults } from '../config.ts'
import type { Tables } from '../database/schema.ts'
import { debugPoint } from '../debug-point.ts'
import { queueOf, type Taken } from '../dispatch/dispatch.ts'
import { openFanOut } from '../fan-out/index.ts'
import type { Claim } from '../types.ts'
import { claimedUploads } from '../uploads/claimed.ts'
import { TaskChange } from './change.ts'
import { endWithTask, isCleanup } from './lost.ts'
import { lockTasks, type StepRow } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

/** What a lease is called outside of dispatch. */
export function leaseOf(taken: { id: string; retryCount: number }): string {
  return `${taken.id}:${taken.retryCount}`
}

/** The other way round. */
export function parseLease(lease: string): { id: string; retryCount: number } {
  const [id = '', count = '0'] = lease.split(':')
  return { id, retryCount: Number(count) }
}

/**
 * Takes up to `limit` steps of one version for a worker: the wake-ups and the steps' new state in one transaction, so
 * that a crash in between leaves neither a step that nobody works on nor one that two do.
 */
export async function claimSteps(
  services: TaskServices,
  worker: { id: string; name: string },
  definition: { name: string; version: number },
  limit: number,
): Promise<{ claims: Claim[]; taken: number }> {
  const queue = queueOf(definition.name, definition.version)
  const { changes, claims, remains, taken } = await services.db.transaction().execute(async (trx) => {
    const taken = await services.dispatch.take(trx, queue, limit)
    if (taken.length === 0) return { changes: [], claims: [], remains: [], taken: 0 }
    const records = await lockTasks(
      trx,
      taken.map(({ step }) => step.taskId),
      (name, version) => services.catalog.shape(trx, name, version),
    )
    const changes = new Map([...records].map(([id, record]) => [id, new TaskChange(record)]))
    const stale: Taken[] = []
    const begun: { change: TaskChange; taken: Taken }[] = []
    const ended: Taken['step'][] = []
    for (const wake of taken) {
      const change = changes.get(wake.step.taskId)
      const what = change === undefined ? 'stale' : begin(change, wake, worker)
      if (change !== undefined && what === 'begun') begun.push({ change, taken: wake })
      else stale.push(wake)
      if (what === 'ended') ended.push(wake.step)
    }
    await services.dispatch.settle(trx, queue, stale)
    await saveChanges(trx, services.dispatch, [...changes.values()])
    const uploads = await services.uploads.findAll(trx, [
      ...new Set(begun.flatMap(({ change }) => Object.values(change.record.task.uploads))),
    ])
    return {
      claims: await claimsOf(trx, begun, uploads),
      taken: taken.length,
      changes: [...changes.values()],
      remains: await services.artifacts.discard(trx, ended),
    }
  })
  if (changes.length > 0) {
    services.bus.tell({
      tasks: changes.map(({ record }) => record.task.id),
      // Clean-up is next where a lost worker's step has ended.
      queues: changes.some(({ wakes }) => wakes.length > 0) ? [queue] : [],
      canceled: changes.filter((change) => change.hasFailed).map(({ record }) => record.task.id),
    })
  }
  await startAfter(services, changes)
  await services.artifacts.purge(remains)
  for (const claim of claims) await debugPoint('after-claim', claim.step)
  return { claims, taken }
}

/** @returns whether an attempt has begun, the step has ended instead, or the wake-up was good for nothing */
function begin(change: TaskChange, wake: Taken, worker: { id: string; name: string }): 'begun' | 'ended' | 'stale' {
  const step = change.step(wake.step.step)
  // As it is now: another wake-up of the same task, taken together with this one, may have ended it.
  const state = change.stepState(wake.step.step)
  if (step === undefined || state === undefined || isFinal('task', change.state)) return 'stale'
  // A job that was replaced (by the reconciler, or by a hand-back) is not the step's wake-up any more.
  if (step.job !== wake.id) return 'stale'
  const actor = `worker ${worker.name}`
  let losses = step.losses
  if (state === 'running') {
    if (endWithTask(change, step)) return 'ended'
    losses++
    if (losses >= defaults.losses) {
      giveUp(change, step, losses)
      return 'ended'
    }
    change.moveStep(step.name, 'ready', 'errand', 'its worker was lost')
  } else if (state !== 'ready' && state !== 'retrying') return 'stale'
  if (change.state === 'pending') change.moveTask('running', actor)
  change.moveStep(step.name, 'running', actor, step.otherwise ? 'taking the alternative path' : null, {
    // A lost worker does not spend an attempt: only what the handler itself did counts.
    attempt: state === 'running' || step.otherwise ? Math.max(step.attempt, 1) : step.attempt + 1,
    losses,
    lease: leaseOf(wake),
    worker: worker.id,
  })
  return 'begun'
}

/** A step that ends every worker it meets must not go on doing so. */
function giveUp(change: TaskChange, step: StepRow, losses: number): void {
  const failure = {
    code: 'worker-lost',
    title: 'The step ended the worker that ran it, again and again',
    detail: `${losses} workers were lost while they ran the step "${step.name}".`,
    hint: 'Look at the logs of the workers: a crash of the process, or too little memory, is likely.',
    retryable: false,
    step: step.name,
    reference: step.task_id.slice(-12),
  }
  if (!isCleanup(step)) change.failure ??= failure
  change.moveStep(step.name, 'failed', 'errand', failure.title, { failure, losses, lease: null, worker: null })
  change.follow()
}

async function claimsOf(
  trx: Transaction<Tables>,
  begun: readonly { change: TaskChange; taken: Taken }[],
  uploads: UploadRows,
): Promise<Claim[]> {
  const claims: Claim[] = []
  for (const { change, taken } of begun) {
    const claim = claimOf(change, taken, uploads)
    const { shape, task } = change.record
    if (claim.kind === 'fan-out') {
      const again = task.origin.failedItems === true ? (task.origin.of ?? null) : null
      claim.fanOut = await openFanOut(trx, { taskId: task.id, step: claim.step, shape, again })
    }
    claims.push(claim)
  }
  return claims
}

type UploadRows = Awaited<ReturnType<TaskServices['uploads']['findAll']>>

function claimOf(change: TaskChange, wake: Taken, uploads: UploadRows): Claim {
  const { shape, steps, task } = change.record
  const step = steps.get(wake.step.step)
  const declared = shape.steps.find(({ name }) => name === wake.step.step)
  if (step === undefined || declared === undefined)
    throw new Error(`The task ${task.id} has no step ${wake.step.step}.`)
  const wanted = declared.kind === 'step' || declared.kind === 'fan-out' ? declared.after : [...steps.keys()]
  const results: Record<string, unknown> = {}
  for (const name of wanted) {
    const before = steps.get(name)
    if (before?.state === 'completed') results[name] = before.result
  }
  return {
    taskId: task.id,
    step: step.name,
    lease: leaseOf(wake),
    definition: task.definition,
    version: task.version,
    kind: declared.kind,
    attempt: change.patches.get(step.name)?.attempt ?? step.attempt,
    input: task.input,
    results,
    checkpoint: step.checkpoint,
    once: step.once,
    principal: { id: task.owner, name: task.owner_name },
    scope: task.scope,
    uploads: claimedUploads(task.uploads, uploads),
    otherwise: step.otherwise ? step.failure : null,
    timeout: declared.timeout ?? null,
    traceparent: task.traceparent,
  }
}
