import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

/** `errand delete ID`: removes a task that is over. */
export function addDelete(program: Command): void {
  withRemoteOptions(program.command('delete').description('remove a task that is over, with its files and its history'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action(async (id: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const task = await taskId(id, client)
      await client.deleteTask(task)
      if (options.json) return output.json({ id: task, deleted: true })
      output.print(`Deleted ${task}`)
    })
}
