import { isOver } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { finish } from '../finish.ts'
import { stateSentence } from '../format/task.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

interface CancelOptions extends RemoteOptions {
  wait?: true
}

/** `errand cancel ID`: asks a task to end. */
export function addCancel(program: Command): void {
  withRemoteOptions(program.command('cancel').description('ask a task to end'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .option('--wait', 'show it until it is over; exit 2 once it is canceled')
    .action(async (id: string, options: CancelOptions) => {
      const output = processOutput(options.json === true)
      const connection = await connect(options)
      const task = await connection.client.cancel(await taskId(id, connection.client))
      if (options.wait) return finish(connection, task.id, output, options.json === true)
      if (options.json) return output.json(task)
      output.print(stateSentence(task, new Date()))
      if (!isOver(task)) output.note(`Its running steps are ending: errand watch ${task.id}${connection.flags}`)
    })
}
