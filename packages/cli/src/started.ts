import type { Connection } from './connect.ts'
import { finish } from './finish.ts'
import { oneLine } from './format/table.ts'
import type { Output } from './output.ts'
import type { Task } from './task-api.ts'

/** Says that a task is under way and how to go on, or follows it to its end. */
export async function started(
  connection: Connection,
  submitted: { task: Task; created: boolean },
  output: Output,
  options: { wait?: boolean; json?: boolean },
): Promise<void> {
  const { task, created } = submitted
  const json = options.json === true
  if (!created) output.note('This task was there already; it is not run twice.')
  if (options.wait && !json) {
    output.print(
      `${output.paint('bold', oneLine(task.title))}  ${oneLine(task.scope)}  ${output.paint('dim', task.id)}`,
    )
  }
  if (options.wait) return finish(connection, task.id, output, json)
  if (json) return output.json(task)
  output.print(`Started ${oneLine(task.title)}: ${task.id}`)
  output.note(`To see it: errand watch ${task.id}`)
}
