import type { Task } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { oneLine } from '../format/table.ts'
import { type RemoteOptions, wholeNumber, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

type Client = Awaited<ReturnType<typeof connect>>['client']

/** Slices at once, at most: as the server says. */
const MOST_AT_ONCE = 1_000

/** `errand pause ID`: begins no more items of a task. */
export function addPause(program: Command): void {
  withRemoteOptions(program.command('pause').description('begin no more items of a task; what is in hand ends'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action((id: string, options: RemoteOptions) => change(id, options, 'Paused', (client, full) => client.pause(full)))
}

/** `errand resume ID`: goes on with a task that was paused. */
export function addResume(program: Command): void {
  withRemoteOptions(program.command('resume').description('go on with the items of a task that was paused'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action((id: string, options: RemoteOptions) =>
      change(id, options, 'Resumed', (client, full) => client.resume(full)),
    )
}

/** `errand concurrency ID N`: how many slices of its items are worked on at once. */
export function addConcurrency(program: Command): void {
  withRemoteOptions(
    program.command('concurrency').description('work on more or fewer slices of a task’s items at once, while it runs'),
  )
    .argument('<id>', 'the task; the first letters of its id are enough')
    .argument('<n>', `slices at once over all workers, 1 to ${MOST_AT_ONCE}`)
    .action((id: string, n: string, options: RemoteOptions) => {
      const concurrency = wholeNumber('concurrency', 1, MOST_AT_ONCE)(n)
      return change(id, options, `Up to ${concurrency} at once`, (client, full) =>
        client.setConcurrency(full, concurrency),
      )
    })
}

async function change(
  id: string,
  options: RemoteOptions,
  what: string,
  action: (client: Client, id: string) => Promise<Task>,
): Promise<void> {
  const output = processOutput(options.json === true)
  const { client } = await connect(options)
  const task = await action(client, await taskId(id, client))
  if (options.json) return output.json(task)
  output.print(`${what}: ${oneLine(task.title)} ${task.id}`)
}
