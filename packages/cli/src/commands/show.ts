import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { taskPage } from '../format/task.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

/** `errand show ID`: how a task stands, its steps, its files, and what went wrong. */
export function addShow(program: Command): void {
  withRemoteOptions(program.command('show').description('show a task: its state, steps, files and failure'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action(async (id: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const task = await client.task(await taskId(id, client))
      if (options.json) output.json(task)
      else output.print(taskPage(task, new Date(), output.paint))
    })
}
