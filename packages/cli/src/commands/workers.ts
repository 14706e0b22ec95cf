import type { Worker } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { type Column, table } from '../format/table.ts'
import { count, duration, relative } from '../format/units.ts'
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
      const inHand = workers.flatMap((worker) =>
        (worker.inHand ?? []).map((work) => ({ ...work, worker: worker.name })),
      )
      if (inHand.length > 0) output.print(`\n${table(inHandColumns(now), inHand)}`)
    },
  )
}

type InHand = NonNullable<Worker['inHand']>[number] & {
  /** Its name. */
  worker: string
}

/** At which steps the workers are: told to those alone who may see all tasks. */
const inHandColumns = (now: Date): Column<InHand>[] => [
  { title: 'WORKER', value: ({ worker }) => worker },
  { title: 'TASK', value: ({ taskId }) => taskId },
  { title: 'TITLE', value: ({ title }) => title },
  {
    title: 'STEP',
    value: ({ slices, step }) =>
      slices === null ? step : `${step} (${count(slices, slices === 1 ? 'slice' : 'slices')})`,
  },
  { title: 'FOR', value: ({ startedAt }) => duration(now.getTime() - Date.parse(startedAt)), align: 'right' },
]
