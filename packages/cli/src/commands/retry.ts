import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { started } from '../started.ts'
import { taskId } from '../task-id.ts'

interface RetryOptions extends RemoteOptions {
  failedItems?: true
  wait?: true
}

/** `errand retry ID`: the same again, as a new task. */
export function addRetry(program: Command): void {
  withRemoteOptions(
    program.command('retry').description('run a task again, as a new task with the same input and files'),
  )
    .argument('<id>', 'the task; the first letters of its id are enough')
    .option('--failed-items', 'only the items that failed')
    .option('--wait', 'show it until it is over; exit 0, 1 failed, 2 canceled')
    .action(async (id: string, options: RetryOptions) => {
      const connection = await connect(options)
      const task = await connection.client.runAgain(await taskId(id, connection.client), {
        failedItems: options.failedItems === true,
      })
      await started(connection, task, processOutput(options.json === true), options)
    })
}
