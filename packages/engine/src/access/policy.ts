import { type Kysely, sql } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'
import type { Principal } from '../types.ts'

/** Who did it, for the history: the person, and whoever acted in their place. */
export function actorOf(who: Pick<Principal, 'id' | 'actor'>): string {
  return who.actor === undefined ? who.id : `${who.actor.id} for ${who.id}`
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
