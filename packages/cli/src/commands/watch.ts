import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { finish } from '../finish.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

/** `errand watch ID`: shows a task until it is over. */
export function addWatch(program: Command): void {
  withRemoteOptions(program.command('watch').description('show a task until it is over; exit 0, 1 failed, 2 canceled'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action(async (id: string, options: RemoteOptions) => {
      const connection = await connect(options)
      const whole = await taskId(id, connection.client)
      await finish(connection, whole, processOutput(options.json === true), options.json === true)
    })
}
