import type { Definition } from '@errand/client'
import type { Command } from 'commander'
import { usageError } from '../cli-error.ts'
import { connect } from '../connect.ts'
import { type RemoteOptions, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

/** `errand definitions promote NAME@V` and `errand definitions retire NAME@V`. */
export function addDefinitionVersions(definitions: Command): void {
  withRemoteOptions(
    definitions.command('promote').description('give new tasks this version; rolling back is promoting the old one'),
  )
    .argument('<name@version>', 'such as course.export@2')
    .action(async (named: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { name, version } = parseVersion(named)
      const { client } = await connect(options)
      const promoted = await client.promote(name, version)
      if (options.json) return output.json(promoted)
      output.print(`New tasks get ${name}@${version}.`)
      if (promoted.workers === 0) output.note('No worker serves it yet: new tasks wait until one starts.')
      const older = (await client.definitions()).filter((one) => one.name === name && one.open > 0 && !one.promoted)
      for (const one of older) output.note(stillOpen(one))
    })
  withRemoteOptions(
    definitions
      .command('retire')
      .description('let nothing new begin on this version; refused while a task is open on it'),
  )
    .argument('<name@version>', 'such as course.export@1')
    .action(async (named: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { name, version } = parseVersion(named)
      const { client } = await connect(options)
      const retired = await client.retire(name, version)
      if (options.json) return output.json(retired)
      output.print(`${name}@${version} is retired: nothing is open on it, and nothing new begins.`)
    })
}

function stillOpen({ name, version, open, workers }: Definition): string {
  const served = workers === 0 ? ', and no worker serves it' : ''
  return `${open} ${open === 1 ? 'task' : 'tasks'} on ${name}@${version} ${open === 1 ? 'goes' : 'go'} on with it${served}.`
}

/** @throws {CliError} exit 64 */
function parseVersion(text: string): { name: string; version: number } {
  const [, name, version] = /^([^@]+)@v?([1-9]\d{0,8})$/.exec(text) ?? []
  if (name !== undefined && version !== undefined) return { name, version: Number(version) }
  throw usageError(`${text} does not name a version`, 'Write NAME@VERSION, such as course.export@2.')
}
