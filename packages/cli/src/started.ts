import type { Task } from '@errand/client'
import type { Connection } from './connect.ts'
import { finish } from './finish.ts'
import { oneLine } from './format/table.ts'
import type { Output } from './output.ts'

/** Says that a task is under way and how to go on, or follows it to its end. */
export async function started(
  connection: Connection,
  task: Task,
  output: Output,
  options: { wait?: boolean; json?: boolean },
): Promise<void> {
  const json = options.json === true
  if (options.wait && !json) {
    const parts = [output.paint('bold', oneLine(task.title)), oneLine(task.scope), output.paint('dim', task.id)]
    output.print(parts.filter((part) => part !== '').join('  '))
  }
  if (options.wait) return finish(connection, task.id, output, json)
  if (json) return output.json(task)
  output.print(`Started ${oneLine(task.title)}: ${task.id}`)
  output.note(`To see it: errand watch ${task.id}${connection.flags}`)
}
