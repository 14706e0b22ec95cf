import { sql } from 'kysely'
import { defaults } from '../config.ts'
import { withoutWake } from '../dispatch/without-wake.ts'
import { TaskChange } from './change.ts'
import { endWithTask } from './lost.ts'
import { lockTasks } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

interface Suspect {
  task_id: string
  name: string
  job: string | null
  queue: string
}

/**
 * Looks for steps that should be live and have no live wake-up, and sends them another. It finds nothing unless
 * something was taken out of dispatch's tables; it runs on every node, and two that meet do no harm.
 *
 * @returns how many steps were sent again
 */
export async function reconcile(services: TaskServices): Promise<number> {
  let after: { task_id: string; name: string } | undefined
  let sent = 0
  for (;;) {
    const { rows } = await sql<Suspect>`
      SELECT s.task_id, s.name, s.job, t.definition || '/v' || t.version AS queue
      FROM errand.steps s JOIN errand.tasks t ON t.id = s.task_id
      WHERE s.state IN ('ready', 'running', 'retrying')
        -- One that fans out is in nobody's hands while its slices are worked on.
        AND NOT (s.kind = 'fan-out' AND s.state = 'running' AND s.lease IS NULL)
        AND greatest(s.changed_at, s.retry_at) < now() - make_interval(secs => ${defaults.reconcileAfterSeconds})
        AND (s.task_id, s.name) > (${after?.task_id ?? '00000000-0000-0000-0000-000000000000'}::uuid, ${after?.name ?? ''})
      ORDER BY s.task_id, s.name LIMIT ${defaults.reconcilePage}`.execute(services.db)
    for (const suspect of await withoutWake(services.dispatch, rows)) if (await resend(services, suspect)) sent++
    after = rows.at(-1)
    if (rows.length < defaults.reconcilePage) return sent
  }
}

async function resend(services: TaskServices, suspect: Suspect): Promise<boolean> {
  const { queue } = suspect
  const done = await services.db.transaction().execute(async (trx) => {
    const records = await lockTasks(trx, [suspect.task_id], (name, version) =>
      services.catalog.shape(trx, name, version),
    )
    const record = records.get(suspect.task_id)
    const step = record?.steps.get(suspect.name)
    // Looked at again under the lock: it may have moved on since.
    if (record === undefined || step === undefined || step.job !== suspect.job) return undefined
    if (step.state !== 'ready' && step.state !== 'running' && step.state !== 'retrying') return undefined
    const change = new TaskChange(record)
    if (step.state === 'running') {
      if (endWithTask(change, step)) {
        await saveChanges(trx, services.dispatch, [change])
        const ended = { taskId: step.task_id, step: step.name }
        return { change, remains: await services.artifacts.discard(trx, [ended]) }
      }
      change.moveStep(step.name, 'ready', 'errand', 'its worker was lost', {
        lease: null,
        worker: null,
        // A lost worker does not spend an attempt; the alternative path is not counted.
        attempt: step.otherwise ? step.attempt : Math.max(0, step.attempt - 1),
      })
      // The clean-up after a failure ends here where the task was canceled meanwhile.
      change.follow()
    } else {
      // Nothing about the step changes but its wake-up, so this is written without a transition.
      change.patches.set(step.name, { ...step, retryIn: null, begun: false, ended: false })
    }
    if (change.stepState(step.name) !== 'canceled') change.wake(step.name)
    if (change.changed) await saveChanges(trx, services.dispatch, [change])
    else {
      await trx
        .updateTable('steps')
        .set({ job: change.wakes[0]?.id ?? null })
        .where('task_id', '=', step.task_id)
        .where('name', '=', step.name)
        .execute()
      await services.dispatch.send(trx, queue, change.wakes)
    }
    return { change, remains: [] }
  })
  if (done === undefined) return false
  services.bus.tell({ tasks: [suspect.task_id], queues: [queue] })
  await startAfter(services, [done.change])
  await services.artifacts.purge(done.remains)
  return true
}
