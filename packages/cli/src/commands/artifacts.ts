import type { Artifact } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { artifactStatus } from '../format/task.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

/** `errand artifacts ID` and `errand artifacts rm ARTIFACT`. */
export function addArtifacts(program: Command): void {
  const artifacts = withRemoteOptions(
    program.command('artifacts').description('list the files a task has made').helpCommand(false),
  )
    .argument('<id>', 'the task; the first letters of its id are enough')
    .action(async (id: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const task = await client.task(await taskId(id, client))
      if (options.json) return output.json(task.artifacts)
      if (task.artifacts.length === 0) return output.note('This task has made no files.')
      const now = new Date()
      const columns = [
        { title: 'ARTIFACT', value: (artifact: Artifact) => artifact.id },
        { title: 'SLOT', value: (artifact: Artifact) => artifact.slot },
        { title: 'NAME', value: (artifact: Artifact) => artifact.filename },
        { title: 'STATUS', value: (artifact: Artifact) => artifactStatus(artifact, now) },
      ]
      output.print(table(columns, task.artifacts))
    })

  withRemoteOptions(artifacts.command('rm').description('delete a file; the task stays, and says what happened to it'))
    .argument('<artifact>', 'the artifact, as errand artifacts ID names it')
    .action(async (id: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const artifact = await client.deleteArtifact(id)
      if (options.json) return output.json(artifact)
      output.print(`Deleted ${artifact.filename}`)
    })
}
