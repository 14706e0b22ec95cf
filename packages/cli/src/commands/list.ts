import type { ErrandClient, TaskState, TaskSummary } from '@errand/client'
import { taskStates } from '@errand/task'
import { type Command, Option } from 'commander'
import { defaults } from '../config/defaults.ts'
import { connect } from '../connect.ts'
import { table } from '../format/table.ts'
import { relative } from '../format/units.ts'
import { type RemoteOptions, repeatable, wholeNumber, withRemoteOptions } from '../options.ts'
import { processOutput } from '../output.ts'

interface ListOptions extends RemoteOptions {
  state: TaskState[]
  definition?: string
  scope?: string
  owner?: string
  search?: string
  limit: number
}

/** The most the API gives in one page. */
const PAGE = 200

/** `errand list`: the newest tasks first. */
export function addList(program: Command): void {
  withRemoteOptions(program.command('list').description('list tasks, the newest first'))
    .addOption(
      repeatable('--state <state>', 'only tasks in this state; may be given several times').choices(taskStates),
    )
    .option('--definition <name>', 'only tasks of this definition')
    .option('--scope <scope>', 'only tasks about this, such as course:course-v1:Org+Course+Run')
    .option('--owner <id>', 'only tasks of this person')
    .option('--search <words>', 'only tasks with words that begin so in title, scope or id')
    .addOption(
      new Option('--limit <n>', 'at most so many')
        .default(defaults.listLimit)
        .argParser(wholeNumber('--limit', 1, 10_000)),
    )
    .action(async (options: ListOptions) => {
      const output = processOutput(options.json === true)
      const { client } = await connect(options)
      const { tasks, more } = await collect(client, options)
      if (options.json) return output.json(tasks)
      if (tasks.length === 0) return output.note('No tasks. errand start TASK begins one.')
      const now = new Date()
      const columns = [
        { title: 'ID', value: (task: TaskSummary) => task.id },
        { title: 'STATE', value: (task: TaskSummary) => task.state },
        { title: 'TASK', value: (task: TaskSummary) => `${task.definition}@${task.version}` },
        { title: 'ABOUT', value: (task: TaskSummary) => task.scope },
        { title: 'BY', value: (task: TaskSummary) => task.owner.name },
        { title: 'STARTED', value: (task: TaskSummary) => relative(new Date(task.createdAt), now) },
      ]
      output.print(table(columns, tasks))
      if (more) output.note(`There are more; --limit N shows them.`)
    })
}

async function collect(client: ErrandClient, options: ListOptions): Promise<{ tasks: TaskSummary[]; more: boolean }> {
  const tasks: TaskSummary[] = []
  let pageToken: string | undefined
  do {
    const page = await client.tasks({
      ...(options.state.length > 0 ? { state: options.state } : {}),
      ...(options.definition === undefined ? {} : { definition: options.definition }),
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      ...(options.owner === undefined ? {} : { owner: options.owner }),
      ...(options.search === undefined ? {} : { q: options.search }),
      ...(pageToken === undefined ? {} : { pageToken }),
      limit: Math.min(PAGE, options.limit - tasks.length),
    })
    tasks.push(...page.tasks)
    pageToken = page.nextPageToken ?? undefined
  } while (pageToken !== undefined && tasks.length < options.limit)
  return { tasks, more: pageToken !== undefined }
}
