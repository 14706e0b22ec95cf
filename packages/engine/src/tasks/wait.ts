import { isFinal } from '@errand/task'
import { sql } from 'kysely'
import { isUniqueViolation } from '../database/migrate.ts'
import { queueOf } from '../dispatch/dispatch.ts'
import { TaskChange } from './change.ts'
import { lockTasks } from './record.ts'
import { saveChanges } from './save.ts'
import type { TaskServices } from './services.ts'

/**
 * Lets the oldest task that waits for the key begin, if nobody has the key. A transaction of its own: whoever gave the
 * key back must not fail because of who takes it. If it is never reached, {@link startAllWaiting} does it.
 */
export async function startWaiting(services: TaskServices, definition: string, key: string | null): Promise<void> {
  if (key === null) return
  const done = await services.db
    .transaction()
    .execute(async (trx) => {
      const { rows } = await sql<{ id: string }>`
        UPDATE errand.tasks SET unique_key = waits_key, waits_key = NULL
        WHERE id = (
          SELECT id FROM errand.tasks
          WHERE definition = ${definition} AND waits_key = ${key} AND state = 'pending'
          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AND NOT EXISTS (
          SELECT 1 FROM errand.tasks
          WHERE definition = ${definition} AND unique_key = ${key} AND state IN ('pending', 'running', 'canceling')
        )
        RETURNING id`.execute(trx)
      const records = await lockTasks(
        trx,
        rows.map(({ id }) => id),
        (name, version) => services.catalog.shape(trx, name, version),
      )
      const [record] = records.values()
      if (record === undefined) return undefined
      const change = new TaskChange(record)
      change.follow()
      await saveChanges(trx, services.dispatch, [change])
      return record.task
    })
    .catch((error: unknown) => {
      // A new submit took the key at this very moment; the next to give it back asks again.
      if (isUniqueViolation(error)) return undefined
      throw error
    })
  if (done) services.bus.tell({ tasks: [done.id], queues: [queueOf(done.definition, done.version)] })
}

/** After tasks have ended: those that waited for them. Never fails: what has ended is committed, and the sweep is there. */
export async function startAfter(services: TaskServices, changes: readonly TaskChange[]): Promise<void> {
  for (const { record, state } of changes) {
    if (!isFinal('task', state)) continue
    await startWaiting(services, record.task.definition, record.task.unique_key).catch((error: unknown) =>
      services.logger.warn({ err: error, task: record.task.id }, 'what waits for a task begins a little later'),
    )
  }
}

/** The sweep behind it: whatever waits for a key that nobody has. */
export async function startAllWaiting(services: TaskServices): Promise<void> {
  const keys = await services.db
    .selectFrom('tasks')
    .select(['definition', 'waits_key'])
    .distinct()
    .where('waits_key', 'is not', null)
    .where('state', '=', 'pending')
    .limit(500)
    .execute()
  for (const { definition, waits_key } of keys) await startWaiting(services, definition, waits_key)
}
