import type { Worker } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { relative } from '../format/units.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

/** `errand workers`: who works, on what. */
export function addWorkers(program: Command): void {
  withRemoteOptions(program.command('workers').description('list the workers, and which tasks each serves')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const workers = await client.workers()
      if (options.json) return output.json(workers)
      if (workers.length === 0) return output.note('No worker has registered. Start errand serve or errand worker.')
      const now = new Date()
      const columns = [
        { title: 'WORKER', value: (one: Worker) => one.name },
        { title: 'HOST', value: (one: Worker) => `${one.host}:${one.pid}` },
        { title: 'STEPS', value: (one: Worker) => `${one.running} of ${one.concurrency}`, align: 'right' as const },
        {
          title: 'SERVES',
          value: (one: Worker) => one.serves.map((served) => `${served.name}@${served.version}`).join(', '),
        },
        {
          title: 'SEEN',
          value: (one: Worker) => (one.live ? 'live' : `gone, last seen ${relative(new Date(one.heartbeatAt), now)}`),
        },
      ]
      output.print(table(columns, workers))
    },
  )
}
