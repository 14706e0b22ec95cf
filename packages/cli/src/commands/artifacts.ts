import type { Access, Artifact } from '@errand/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { artifactStatus } from '../format/task.ts'
import { bytes } from '../format/units.ts'
import { type RemoteOptions, wholeNumber, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'

/** `errand artifacts ID`, and `rm`, `extend` and `log` of one of them. */
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

  withRemoteOptions(artifacts.command('extend').description('keep a file for longer'))
    .argument('<artifact>', 'the artifact, as errand artifacts ID names it')
    .requiredOption('--days <n>', 'how many days from now it is to be kept at least', wholeNumber('--days', 1, 3_653))
    .action(async (id: string, options: RemoteOptions & { days: number }) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const artifact = await client.extendArtifact(id, new Date(Date.now() + options.days * 86_400_000))
      if (options.json) return output.json(artifact)
      output.print(
        `Kept ${artifact.filename} ${artifact.expiresAt === null ? 'for ever' : `until ${artifact.expiresAt}`}`,
      )
    })

  withRemoteOptions(artifacts.command('log').description('who downloaded, extended or deleted a file'))
    .argument('<artifact>', 'the artifact, as errand artifacts ID names it')
    .action(async (id: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const accesses = await client.artifactAccesses(id)
      if (options.json) return output.json(accesses)
      if (accesses.length === 0) return output.note('Nobody has had this file.')
      const columns = [
        { title: 'AT', value: (access: Access) => access.at },
        { title: 'WHAT', value: (access: Access) => describe(access) },
        { title: 'WHO', value: (access: Access) => access.who.name },
      ]
      output.print(table(columns, accesses))
    })
}

function describe({ action, bytes: taken, complete, delivery, range }: Access): string {
  if (action !== 'download') return action
  if (delivery !== 'stream') return `download by ${delivery}`
  if (taken === null) return 'download'
  if (range !== null) return `download of a part, ${bytes(taken)}`
  return complete ? 'download' : `download, broken off after ${bytes(taken)}`
}
