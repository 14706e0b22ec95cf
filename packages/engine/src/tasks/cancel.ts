import { isFinal } from '@errand/task'
import { sql } from 'kysely'
import { actorOf } from '../access/policy.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import type { Principal } from '../types.ts'
import { TaskChange, toldOf } from './change.ts'
import { lockTasks } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'
import { startAfter } from './wait.ts'

/** Asks a task to end. What has not begun ends at once; what runs gets its signal. */
export async function cancelTask(
  services: TaskServices,
  id: string,
  who: Pick<Principal, 'id' | 'actor'>,
): Promise<void> {
  const actor = actorOf(who)
  await changeTask(services, id, (change) => {
    if (isFinal('task', change.state) || change.state === 'canceling') return
    if (change.state === 'pending') {
      change.moveTask('canceled', actor, 'asked to end')
      endPending(change)
    } else {
      change.moveTask('canceling', actor, 'asked to end')
      change.follow()
    }
  })
}

/** Fails tasks that are past their deadline. @returns how many */
export async function endOverdue(services: TaskServices): Promise<number> {
  const due = await services.db
    .selectFrom('tasks')
    .select('id')
    .where('state', 'in', ['pending', 'running'])
    .where('deadline_at', '<=', sql<Date>`now()`)
    .where('failure', 'is', null)
    .limit(100)
    .execute()
  for (const { id } of due) {
    await changeTask(services, id, (change) => {
      if (change.failure !== null || (change.state !== 'pending' && change.state !== 'running')) return
      const failure = {
        code: 'deadline-passed',
        title: 'The task did not end in time',
        detail: `Its deadline was ${change.record.task.deadline_at?.toISOString() ?? ''}.`,
        hint: 'Run it again; if it is late again, ask whoever runs this service.',
        retryable: false,
        reference: id.slice(-12),
      }
      change.failure = failure
      if (change.state === 'pending') {
        change.moveTask('failed', 'errand', failure.title)
        endPending(change)
      } else change.follow()
    })
  }
  return due.length
}

/** A task that ends before anything ran: its steps never begin. */
function endPending(change: TaskChange): void {
  for (const [name, step] of change.record.steps) {
    if (isFinal('step', step.state)) continue
    change.moveStep(name, 'canceled', 'errand', 'the task ended before it began')
  }
}

async function changeTask(services: TaskServices, id: string, alter: (change: TaskChange) => void): Promise<void> {
  const done = await services.db.transaction().execute(async (trx) => {
    const records = await lockTasks(trx, [id], (name, version) => services.catalog.shape(trx, name, version))
    const record = records.get(id)
    if (record === undefined) return undefined
    const change = new TaskChange(record)
    alter(change)
    await saveChanges(trx, services.dispatch, [change])
    return change
  })
  if (done?.changed !== true) return
  const { definition, version } = done.record.task
  services.bus.tell({
    ...toldOf([done]),
    canceled: [id],
    ...(done.wakes.length > 0 ? { queues: [queueOf(definition, version)] } : {}),
  })
  await startAfter(services, [done])
}
