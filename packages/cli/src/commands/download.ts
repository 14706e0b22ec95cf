import { relative } from 'node:path'
import type { Artifact, Task } from '@errand/client'
import type { Command } from 'commander'
import { CliError, usageError } from '../cli-error.ts'
import { connect } from '../connect.ts'
import { artifactStatus } from '../format/task.ts'
import { bytes } from '../format/units.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { type Output, processOutput } from '../output.ts'
import { taskId } from '../task-id.ts'
import { receiveFile, receiveStream } from '../transfer/receive-file.ts'
import { targetPath } from '../transfer/target-path.ts'

interface DownloadOptions extends RemoteOptions {
  output?: string
  force?: true
}

/** `errand download ID [SLOT]`: gets a file that a task has made. */
export function addDownload(program: Command): void {
  withRemoteOptions(program.command('download').description('get a file that a task has made'))
    .argument('<id>', 'the task; the first letters of its id are enough')
    .argument('[slot]', 'which of its files; not needed when there is one')
    .option('-o, --output <path>', 'a file or folder to write to; - writes to standard output (default: here)')
    .option('--force', 'overwrite a file that is there')
    .action(async (id: string, slot: string | undefined, options: DownloadOptions) => {
      const { client } = await connect(options)
      const task = await client.task(await taskId(id, client))
      const artifact = choose(task, slot)
      if (options.output === '-') {
        if (options.json) throw usageError('--json and -o - both want standard output', 'Leave one of them out.')
        return receiveStream(client, artifact, process.stdout, besides())
      }
      const output = processOutput(options.json === true)
      const path = await targetPath(artifact.filename, options.output, options.force === true)
      await receiveFile(client, artifact, path, output)
      if (options.json) output.json({ ...artifact, path })
      else output.print(`${shortPath(path)}  ${bytes(artifact.size ?? 0)}`)
    })
}

/** Relative where that is shorter to read: not for what lies elsewhere. */
function shortPath(path: string): string {
  const short = relative('.', path)
  return short.startsWith('..') ? path : short
}

/** Standard output is the file's: everything else goes to standard error. */
function besides(): Output {
  return processOutput(true)
}

/** @throws {CliError} when the task has no such file, or it is gone, or there are several */
function choose(task: Task, slot: string | undefined): Artifact {
  const now = new Date()
  const slots = [...new Set(task.artifacts.map((artifact) => artifact.slot))]
  const named = task.artifacts.filter((artifact) => slot === undefined || artifact.slot === slot)
  const [only, second] = named.filter((artifact) => artifact.state === 'available')
  if (only !== undefined && second === undefined) return only
  if (second !== undefined) throw usageError(`the task has several files: ${slots.join(', ')}`, 'Name one of them.')
  const [gone] = named
  if (gone !== undefined) {
    const how = gone.state === 'writing' ? 'Wait for it with' : 'Make it again with'
    throw new CliError(`${gone.filename} cannot be downloaded: ${artifactStatus(gone, now)}`, {
      hint: `${how} errand ${gone.state === 'writing' ? 'watch' : 'retry'} ${task.id}.`,
    })
  }
  if (slot === undefined || slots.length === 0) {
    throw new CliError('the task has made no files', { hint: `errand show ${task.id} says how it stands.` })
  }
  throw usageError(`the task has no file ${slot}`, `It has ${slots.join(', ')}.`)
}
