import { isFinal, taskStates } from '@errand/task'
import { forbidden } from '../access/access.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'
import { findTask, mayDo } from './read.ts'
import type { TaskServices } from './services.ts'

/**
 * Removes a task that is over: its files first, then its history. Its uploads go with their own time, as another task may
 * use them.
 *
 * @throws {Problem} `task-unknown`, `forbidden`, `task-open` (409), `files-remain` (503)
 */
export async function removeTask(services: TaskServices, id: string, who: Principal): Promise<void> {
  const task = await findTask(services, id, who)
  if (!(await mayDo(services, who, 'delete-task', task))) throw forbidden('delete this task')
  if (!isFinal('task', task.state)) throw taskOpen(id)
  // Without its row nobody would find what is left in the storage.
  if (!(await services.artifacts.deleteAll(id, who))) throw filesRemain(id)
  const over = taskStates.filter((state) => isFinal('task', state))
  const gone = await services.db
    .deleteFrom('tasks')
    .where('id', '=', id)
    .where('state', 'in', over)
    .returning(['id', 'owner', 'scope', 'definition', 'version'])
    .execute()
  services.logger.info({ task: id, definition: task.definition, by: who.id }, 'a task was deleted')
  services.bus.tell({ tasks: [id], gone })
}

function taskOpen(id: string): Problem {
  return new Problem({
    code: 'task-open',
    status: 409,
    title: 'The task is not over',
    hint: 'Cancel it, and delete it once it has ended.',
    extensions: { task: id },
  })
}

function filesRemain(id: string): Problem {
  return new Problem({
    code: 'files-remain',
    status: 503,
    title: 'The files of the task could not be removed yet',
    detail: 'They cannot be downloaded any more; the storage does not let go of them.',
    hint: 'Try again in some minutes.',
    extensions: { task: id },
  })
}
