import { type RawBuilder, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Sight } from '../access/access.ts'
import { isId } from '../access/policy.ts'
import { Problem } from '../problem.ts'
import type { Principal, TaskPage, TaskQuery } from '../types.ts'
import { newestSeen } from './list-walks.ts'
import { findWords } from './list-words.ts'
import { type FoundTask, shownTo, viewsById, viewsOf } from './read.ts'
import type { TaskServices } from './services.ts'

const PAGE = { default: 50, most: 200 }

/** Words of a search that are looked at: more than anybody types. */
const WORDS = 10

/** Milliseconds by which the clock that gave a task its id may differ from the database's. */
const CLOCKS_APART = 3_600_000

/** A page of tasks, newest first. The token is the id of the last task of the page before: ids grow with time. */
export async function listTasks(services: TaskServices, query: TaskQuery, who: Principal): Promise<TaskPage> {
  const limit = Math.min(Math.max(1, query.limit ?? PAGE.default), PAGE.most)
  const sight = await services.access.sight(who)
  const found = sight === 'none' ? [] : await findTasks(services, query, sight, limit + 1)
  const page = found.slice(0, limit)
  const rights = services.access.rightsOf(who)
  const shown = await Promise.all(page.map((each) => shownTo(services, who, each, rights)))
  return {
    tasks: shown.map(({ input: _input, ...summary }) => summary),
    nextPageToken: found.length > limit ? (page.at(-1)?.task.id ?? null) : null,
  }
}

async function findTasks(
  services: TaskServices,
  query: TaskQuery,
  sight: Exclude<Sight, 'none'>,
  limit: number,
): Promise<FoundTask[]> {
  const { plain, words } = conditions(query)
  if (words.length === 0) {
    const ids = sql<string>`${newestSeen(sight, plain, limit)}`
    return viewsOf(services, services.db.selectFrom('tasks').selectAll().where('id', 'in', ids).orderBy('id', 'desc'))
  }
  const narrowed = [query.state?.length || undefined, query.definition, query.scope, query.owner].some(
    (one) => one !== undefined,
  )
  const ids = await findWords(services.db, { words, plain, narrowed, sight, limit })
  const found = new Map((await viewsById(services, ids)).map((one) => [one.task.id, one]))
  return ids.flatMap((id) => found.get(id) ?? [])
}

function conditions(query: TaskQuery): { plain: RawBuilder<boolean>; words: readonly string[] } {
  const plain: RawBuilder<boolean>[] = [sql<boolean>`true`]
  const [state, ...others] = query.state ?? []
  if (others.length > 0) plain.push(sql`t.state = ANY(${[...(query.state ?? [])]}::text[])`)
  // Of one state alone an index has the newest first.
  else if (state !== undefined) plain.push(sql`t.state = ${state}`)
  if (query.definition !== undefined) plain.push(sql`t.definition = ${query.definition}`)
  if (query.scope !== undefined) plain.push(sql`t.scope = ${query.scope}`)
  if (query.owner !== undefined) plain.push(sql`t.owner = ${query.owner}`)
  // Ids begin with their time: a walk begins and ends with the dates.
  if (query.createdFrom !== undefined) {
    plain.push(sql`t.created_at >= ${query.createdFrom} AND t.id >= ${firstId(query.createdFrom, -CLOCKS_APART)}::uuid`)
  }
  if (query.createdBefore !== undefined) {
    plain.push(
      sql`t.created_at < ${query.createdBefore} AND t.id < ${firstId(query.createdBefore, CLOCKS_APART)}::uuid`,
    )
  }
  if (query.pageToken !== undefined) {
    if (!isId(query.pageToken)) throw pageTokenInvalid()
    plain.push(sql`t.id < ${query.pageToken}::uuid`)
  }
  return { plain: sql<boolean>`${sql.join(plain, sql` AND `)}`, words: wordsOf(query.q) }
}

/** The least id that can have been given at a time. */
const firstId = (at: Date, apart: number) =>
  uuidv7({ msecs: Math.max(0, at.getTime() + apart), random: new Uint8Array(16), seq: 0 })

/** Each is to be the beginning of a word in the title, the scope or the id. */
function wordsOf(q = ''): string[] {
  // What separates words in the index separates them here: ASCII that is neither a letter nor a digit, and white space.
  return q
    .split(/[\s!-/:-@[-`{-~]+/)
    .filter(Boolean)
    .slice(0, WORDS)
}

function pageTokenInvalid(): Problem {
  return new Problem({
    code: 'page-token-invalid',
    status: 400,
    title: 'The page token is not valid',
    hint: 'Use the token that came with the page before.',
  })
}
