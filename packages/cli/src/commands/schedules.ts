import type { Schedule } from '@errand/client'
import type { Command } from 'commander'
import { usageError } from '../cli-error.ts'
import { connect } from '../connect.ts'
import { findDefinition } from '../find-definition.ts'
import { type Column, table } from '../format/table.ts'
import { relative } from '../format/units.ts'
import { readInput } from '../input/read-input.ts'
import { type RemoteOptions, repeatable, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

interface AddOptions extends RemoteOptions {
  cron: string
  timeZone?: string
  as?: string
  input: string[]
  inputFile?: string
}

/** `errand schedules list|add|remove|pause|resume`: what runs by cron. */
export function addSchedules(program: Command): void {
  const schedules = program.command('schedules').description('what runs by cron: list, add, remove, pause, resume')
  withRemoteOptions(schedules.command('list').description('what runs when, and what came of it')).action(
    async (options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const found = await client.schedules()
      if (options.json) return output.json(found)
      if (found.length === 0) return output.note('There are no schedules. Make one with errand schedules add.')
      output.print(table(columns(new Date()), found))
      for (const { name, problem } of found) {
        if (problem === null) continue
        const what = [problem.title, problem.detail].filter(Boolean).join(': ')
        output.print(`${name} started nothing at ${problem.dueAt}: ${what} (${problem.code})`)
      }
    },
  )
  addAdd(schedules)

  withRemoteOptions(schedules.command('remove').description('start nothing more by it; its tasks stay'))
    .argument('<name>', 'the schedule')
    .action(async (name: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      await client.removeSchedule(name)
      if (options.json) output.json({ name, removed: true })
      else output.print(`The schedule ${name} is gone.`)
    })

  withRemoteOptions(schedules.command('pause').description('start nothing by it until it is resumed'))
    .argument('<name>', 'the schedule')
    .action(async (name: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const paused = await client.pauseSchedule(name)
      if (options.json) output.json(paused)
      else output.print(`${name} is paused. To go on: errand schedules resume ${name}`)
    })

  withRemoteOptions(schedules.command('resume').description('go on with its next time'))
    .argument('<name>', 'the schedule')
    .action(async (name: string, options: RemoteOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const resumed = await client.resumeSchedule(name)
      if (options.json) output.json(resumed)
      else output.print(nextOf(resumed))
    })
}

function addAdd(schedules: Command): void {
  withRemoteOptions(schedules.command('add').description('let a task run by cron'))
    .argument('<name>', 'what to call it')
    .argument('<task>', 'the task it starts, such as course.export; always its current version')
    .requiredOption('--cron <fields>', 'minute, hour, day of the month, month, day of the week: "30 2 * * 1-5"')
    .option('--time-zone <zone>', 'whose clock it goes by, such as Europe/Zurich (default: UTC)')
    .option('--as <name>', 'the service principal that starts and owns its tasks (default: scheduler)')
    .addOption(repeatable('--input <name=value>', 'a field of the input; may be given several times'))
    .option('--input-file <file>', 'the input as one JSON object; - reads standard input')
    .action(async (name: string, task: string, options: AddOptions) => {
      if (task.includes('@'))
        throw usageError(`${task} names a version`, 'A schedule starts the current one: give NAME.')
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const definition = await findDefinition(task, client)
      const made = await client.createSchedule({
        ...{ name, definition: definition.name, cron: options.cron },
        input: await readInput(
          { pairs: options.input, file: options.inputFile, stdin: process.stdin },
          definition.shape.input,
        ),
        ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
        ...(options.as === undefined ? {} : { principal: options.as }),
      })
      if (options.json) output.json(made)
      else output.print(nextOf(made))
    })
}

function nextOf({ definition, name, nextAt, principal }: Schedule): string {
  return `${name} starts ${definition} next at ${nextAt}, as ${principal.id}.`
}

function columns(now: Date): Column<Schedule>[] {
  return [
    { title: 'NAME', value: (one) => one.name },
    { title: 'TASK', value: (one) => one.definition },
    { title: 'ABOUT', value: (one) => one.scope },
    { title: 'CRON', value: (one) => one.cron },
    { title: 'TIME ZONE', value: (one) => one.timeZone },
    { title: 'AS', value: (one) => one.principal.name },
    { title: 'NEXT', value: (one) => (one.nextAt === null ? 'paused' : relative(new Date(one.nextAt), now)) },
    { title: 'LAST TASK', value: (one) => one.last?.taskId ?? '' },
  ]
}
