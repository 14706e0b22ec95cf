import { type Failure, retryDelay, triesOf } from '@errand/task'
import { batched, type Outcome } from '../batch.ts'
import { defaults } from '../config.ts'
import { debugPoint } from '../debug-point.ts'
import { type Lease, queueOf } from '../dispatch/dispatch.ts'
import { TOO_MANY_FAILED } from '../fan-out/index.ts'
import { ClaimLost } from '../problem.ts'
import type { ClaimRef } from '../types.ts'
import { TaskChange, toldOf } from './change.ts'
import { parseLease } from './claim.ts'
import { isCleanup } from './lost.ts'
import { lockTasks } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

/** How an attempt ended. */
export type Ending = { claim: ClaimRef } & (
  | { how: 'completed'; result: unknown }
  | { how: 'failed'; failure: Failure }
  | { how: 'canceled' }
  | { how: 'released' }
)

/**
 * Records how attempts ended and, in the same transaction, what follows. An attempt that is not its step's current one
 * changes nothing.
 */
export function createSettle(services: TaskServices) {
  return batched<Ending, void>((endings) => settleAll(services, endings), { max: defaults.batch, parallel: 1 })
}

async function settleAll(services: TaskServices, endings: readonly Ending[]): Promise<Outcome<void>[]> {
  for (const { claim } of endings) await debugPoint('before-commit', claim.step)
  const done = await services.db.transaction().execute(async (trx) => {
    const records = await lockTasks(
      trx,
      endings.map(({ claim }) => claim.taskId),
      (name, version) => services.catalog.shape(trx, name, version),
    )
    const changes = new Map([...records].map(([id, record]) => [id, new TaskChange(record)]))
    const outcomes: Outcome<void>[] = []
    const settled = new Map<string, Lease[]>()
    const sealed: ClaimRef[] = []
    const discarded: ClaimRef[] = []
    for (const ending of endings) {
      const { claim } = ending
      const change = changes.get(claim.taskId)
      if (change === undefined || !isCurrent(change, claim)) {
        outcomes.push({ ok: false, error: new ClaimLost('The attempt has lost its claim; nothing was stored.') })
        continue
      }
      apply(change, ending)
      const { definition, version } = change.record.task
      const queue = queueOf(definition, version)
      settled.set(queue, [...(settled.get(queue) ?? []), parseLease(claim.lease)])
      if (ending.how === 'completed') sealed.push(claim)
      // What a fan-out lists of its failures stays when they were too many.
      else if (ending.how === 'failed' && ending.failure.code === TOO_MANY_FAILED) sealed.push(claim)
      else discarded.push(claim)
      outcomes.push({ ok: true, value: undefined })
    }
    for (const change of changes.values()) change.follow()
    await saveChanges(trx, services.dispatch, [...changes.values()])
    for (const [queue, leases] of settled) await services.dispatch.settle(trx, queue, leases)
    const writers = (claims: ClaimRef[]) => claims.filter(({ taskId }) => writes(changes.get(taskId)))
    const remains = [
      ...(await services.artifacts.seal(trx, writers(sealed))),
      ...(await services.artifacts.discard(trx, writers(discarded))),
    ]
    return { outcomes, changes: [...changes.values()], remains }
  })
  for (const { claim } of endings) await debugPoint('after-commit-before-settle', claim.step)
  services.bus.tell({
    ...toldOf(done.changes),
    queues: new Set(
      done.changes
        .filter(({ wakes }) => wakes.length > 0)
        .map(({ record }) => queueOf(record.task.definition, record.task.version)),
    ),
    // A step has failed: what runs beside it is told to end.
    canceled: done.changes.filter((change) => change.hasFailed).map(({ record }) => record.task.id),
  })
  await startAfter(services, done.changes)
  if (done.remains.length > 0) await services.artifacts.purge(done.remains)
  return done.outcomes
}

/** Tasks without outputs, which most small ones are, are spared the look for them. */
function writes(change: TaskChange | undefined): boolean {
  return change !== undefined && Object.keys(change.record.shape.artifacts).length > 0
}

function isCurrent(change: TaskChange, claim: ClaimRef): boolean {
  const step = change.step(claim.step)
  return step?.lease === claim.lease && change.stepState(claim.step) === 'running'
}

function apply(change: TaskChange, ending: Ending): void {
  const name = ending.claim.step
  const step = change.step(name)
  const declared = change.record.shape.steps.find((each) => each.name === name)
  if (step === undefined || declared === undefined) return
  const actor = 'errand'
  const free = { lease: null, worker: null }
  const cleanup = isCleanup(step)
  const winding = !cleanup && change.ending

  if (ending.how === 'completed') {
    change.moveStep(name, 'completed', actor, null, { ...free, result: ending.result ?? null, failure: null })
    return
  }
  if (ending.how === 'canceled' && (winding || cleanup)) {
    change.moveStep(
      name,
      'canceled',
      actor,
      change.state === 'canceling' ? 'the task was canceled' : 'another step failed',
      free,
    )
    return
  }
  if (winding) {
    change.moveStep(name, 'canceled', actor, 'the task is ending', free)
    return
  }
  // A step that ends as if it were canceled while nobody wants that is handed back, or its task would never end.
  if (ending.how === 'released' || ending.how === 'canceled') {
    // The alternative path is not counted as an attempt, so handing it back gives none back either.
    const attempt = step.otherwise ? step.attempt : Math.max(0, step.attempt - 1)
    change.moveStep(name, 'ready', actor, 'handed back by its worker', { ...free, attempt })
    change.wake(name)
    return
  }
  const { failure } = ending
  const { retry, otherwise } = declared
  if (failure.retryable && !step.otherwise && step.attempt < triesOf(declared)) {
    const wait = retryDelay(retry, step.attempt)
    change.moveStep(name, 'retrying', actor, failure.title, { ...free, failure, losses: 0, retryIn: wait })
    change.wake(name, wait)
    return
  }
  if (otherwise && !step.otherwise) {
    change.moveStep(name, 'retrying', actor, `${failure.title}; the alternative path is next`, {
      ...free,
      failure,
      losses: 0,
      otherwise: true,
      retryIn: 0,
    })
    change.wake(name)
    return
  }
  change.moveStep(name, 'failed', actor, failure.title, { ...free, failure })
  // What a clean-up step could not do is on record with the step; it does not change how the task ended.
  if (!cleanup) change.failure ??= failure
}
