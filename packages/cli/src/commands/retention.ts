import type { RetentionDone, RetentionPreview } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { bytes } from '../format/units.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { type Output, processOutput } from '../output.ts'

/** `errand retention preview` and `errand retention run`. */
export function addRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description('remove history, files and uploads whose time is over')
    .helpCommand(false)
  withRemoteOptions(retention.command('preview').description('what would be removed now; removes nothing')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const preview = await client.retentionPreview()
      if (options.json) return output.json(preview)
      printPreview(preview, output)
    },
  )
  withRemoteOptions(
    retention.command('run').description('remove what is due now; it happens every night by itself'),
  ).action(async (options: RemoteOptions) => {
    const output = processOutput(options.json === true)
    const { client } = await connect(options)
    const done = await client.retentionRun()
    if (options.json) return output.json(done)
    output.print(`Removed: ${done.tasks} tasks, ${done.files} files, ${done.uploads} uploads`)
    printOrphans(done.orphans, output)
  })
}

type Due = RetentionPreview['history'][number]

function printPreview({ files, history, orphans, uploads }: RetentionPreview, output: Output): void {
  if (history.length > 0) {
    const columns = [
      { title: 'DEFINITION', value: (due: Due) => due.definition },
      { title: 'STATE', value: (due: Due) => due.state },
      { title: 'TASKS', value: (due: Due) => String(due.tasks), align: 'right' as const },
      {
        title: 'HELD BY FILES',
        value: (due: Due) => (due.held === 0 ? '' : String(due.held)),
        align: 'right' as const,
      },
    ]
    output.print(table(columns, history))
  }
  const tasks = history.reduce((sum, due) => sum + due.tasks, 0)
  output.print(
    `Would remove: ${tasks} tasks, ${files.count} files (${bytes(files.bytes)}), ${uploads.count} uploads (${bytes(uploads.bytes)})`,
  )
  printOrphans(orphans, output)
}

function printOrphans(orphans: RetentionDone['orphans'], output: Output): void {
  for (const { bytes: size, count, skipped, storage } of orphans) {
    if (skipped !== null) output.note(`Storage ${storage} was not searched for orphaned objects: ${skipped}`)
    else if (count > 0) output.print(`Orphaned objects in ${storage}: ${count} (${bytes(size)})`)
  }
}
