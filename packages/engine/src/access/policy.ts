import { type Kysely, sql } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'

/** What can be asked of the policy about a task. */
export type Action = 'view' | 'cancel' | 'retry' | 'read-artifact' | 'extend-artifact' | 'delete-artifact'

/** Whether `who` may do it. Staff may do everything; an owner, everything with what is theirs. */
export function may(who: Principal, _action: Action, task: { owner: string }): boolean {
  return who.staff || task.owner === who.id
}

/** The same question for lists, asked in SQL. */
export function visibleTasks(db: Kysely<Tables>, who: Principal) {
  const query = db.selectFrom('tasks')
  return who.staff ? query : query.where('tasks.owner', '=', who.id)
}

/** What one may not see does not exist. */
export function taskUnknown(id: string): Problem {
  return new Problem({
    code: 'task-unknown',
    status: 404,
    title: 'There is no such task',
    detail: `No task ${id} is known to you.`,
    hint: 'Check the id; "errand list" shows your tasks.',
    extensions: { task: id },
  })
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Ids come from outside; what is no id must not reach the database as one. */
export function isId(text: string): boolean {
  return UUID.test(text)
}

/** For tests of the clock and the database: never more than the answer to whether it is there. */
export async function ping(db: Kysely<Tables>): Promise<void> {
  await sql`SELECT 1`.execute(db)
}
