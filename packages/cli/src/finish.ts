import type { Task } from '@errand/client'
import type { Connection } from './connect.ts'
import { exitCode } from './exit-codes.ts'
import { exitOf, follow, Interrupted } from './follow.ts'
import { oneLine } from './format/table.ts'
import { artifactStatus, failureLines, stateSentence, stateStyle } from './format/task.ts'
import type { Output } from './output.ts'

/** Follows a task to its end, says how it ended and how to go on, and sets the exit code: 0, 1 or 2. */
export async function finish(connection: Connection, id: string, output: Output, json: boolean): Promise<void> {
  let task: Task
  try {
    task = await follow(connection, id, output, json)
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    const { flags } = connection
    output.note(
      `The task goes on. To see it again: errand watch ${id}${flags}. To end it: errand cancel ${id}${flags}.`,
    )
    process.exitCode = exitCode.interrupted
    return
  }
  if (json) output.json(task)
  else output.print(ending(task, output, connection.flags))
  process.exitCode = exitOf(task)
}

/** The last words about a task, after its steps were shown. */
function ending(task: Task, output: Output, flags: string): string {
  const now = new Date()
  const lines = [output.paint(stateStyle(task.state), stateSentence(task, now))]
  if (task.failure !== null) lines.push(...failureLines(task.failure))
  const files = task.artifacts.filter((artifact) => artifact.state === 'available')
  for (const file of files) lines.push(`${file.slot}: ${oneLine(file.filename)}, ${artifactStatus(file, now)}`)
  const slots = files.map((file) => file.slot)
  const [first, ...others] = slots
  if (first !== undefined) {
    // To be copied as it stands; what else there is comes behind it.
    const or = others.length > 0 ? `  (or ${others.join(', ')})` : ''
    lines.push(`To get it: errand download ${task.id}${others.length > 0 ? ` ${first}` : ''}${flags}${or}`)
  }
  return lines.join('\n')
}
