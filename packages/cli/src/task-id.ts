import type { ErrandClient } from '@errand/client'
import { usageError } from './cli-error.ts'

const WHOLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The whole id for one that may be shortened to its beginning, as long as that is unique.
 *
 * @throws {CliError} exit 64 when nothing, or more than one task, begins so
 */
export async function taskId(given: string, client: ErrandClient): Promise<string> {
  if (WHOLE.test(given)) return given.toLowerCase()
  if (!/^[0-9a-f-]{4,}$/i.test(given)) {
    throw usageError(`${given} is not the id of a task`, 'errand list shows the ids; the first letters are enough.')
  }
  const { tasks } = await client.tasks({ q: given, limit: 20 })
  const ids = tasks.map((task) => task.id).filter((id) => id.startsWith(given.toLowerCase()))
  const [only, second] = ids
  if (only === undefined) throw usageError(`no task has an id that begins with ${given}`, 'errand list shows the ids.')
  if (second !== undefined) throw usageError(`several tasks begin with ${given}: ${ids.join(', ')}`, 'Give more of it.')
  return only
}
