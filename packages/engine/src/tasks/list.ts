import { isFinal, taskStates } from '@errand/task'
import { type RawBuilder, sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import type { Sight } from '../access/access.ts'
import { isId } from '../access/policy.ts'
import { Problem } from '../problem.ts'
import type { Principal, TaskPage, TaskQuery } from '../types.ts'
import { idWindow } from './id-window.ts'
import { type FoundTask, shownTo, viewsOf } from './read.ts'
import type { TaskServices } from './services.ts'

const PAGE = { default: 50, most: 200 }

/** Words of a search that are looked at: more than anybody types. */
const WORDS = 10

/**
 * Of the newest tasks that are looked through for words, before the index of all is asked: some milliseconds' work. More for
 * those who see few, as the index would be asked for what everybody has.
 */
const RECENT = { staff: 500, others: 1_000 }

/**
 * Of the recent that have the words, from which on the page is looked for in a window that twice as many as it takes should
 * be in. Fewer tell too little, and all that have the words are then not many.
 */
const FEW = 2

/** Milliseconds by which the clock that gave a task its id may differ from the database's. */
const CLOCKS_APART = 3_600_000

const states = (final: boolean) => sql.join(taskStates.filter((state) => isFinal('task', state) === final).map(sql.lit))
const OVER = sql<boolean>`t.state IN (${states(true)})`
const OPEN = sql<boolean>`t.state IN (${states(false)})`

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
  const newest = (ids: RawBuilder<unknown>) => {
    const found = sql<string>`(SELECT DISTINCT f.id FROM (${ids}) AS f (id) ORDER BY f.id DESC LIMIT ${limit})`
    return viewsOf(services, services.db.selectFrom('tasks').selectAll().where('id', 'in', found).orderBy('id', 'desc'))
  }
  if (words === undefined) return newest(walks(sight, plain, limit))
  // Of a frequent word there is a page among the newest, and all who have it would be far too many to sort; and most people
  // may see so few that these are all.
  const has = hasWords(words)
  const most = sight === 'all' ? RECENT.staff : RECENT.others
  const { rows } = await sql<{ seen: number; newest: string; oldest: string; ids: string[] }>`
    SELECT count(*)::int AS seen, max(t.id::text COLLATE "C") AS newest, min(t.id::text COLLATE "C") AS oldest,
      coalesce(array_agg(t.id::text ORDER BY t.id DESC) FILTER (WHERE ${has}), '{}') AS ids
    FROM errand.tasks t WHERE t.id IN (SELECT DISTINCT f.id FROM (${walks(sight, plain, most)}) AS f (id)
      ORDER BY f.id DESC LIMIT ${most})`.execute(services.db)
  const [recent] = rows
  const page = (ids: readonly string[]) => newest(sql`SELECT unnest(${ids.slice(0, limit)}::uuid[])`)
  if (recent === undefined || recent.seen < most || recent.ids.length >= limit) return page(recent?.ids ?? [])
  // Among the tasks of one state or one person, a window would be most of the table, and asked for in vain.
  const narrowed = [query.state?.length || undefined, query.definition, query.scope, query.owner].some(
    (one) => one !== undefined,
  )
  if (!narrowed && sight === 'all' && recent.ids.length >= FEW) {
    const times = (2 * limit) / recent.ids.length
    const { from, words: within } = idWindow(recent.newest, recent.oldest, times)
    const since = sql<boolean>`${plain} AND t.id >= ${from}::uuid`
    const { rows: found } = await sql<{ id: string }>`
      SELECT w.id FROM (${withWords(sight, since, hasWords(`${words} & ${within}`))}) AS w (id)
      ORDER BY w.id DESC LIMIT ${limit}`.execute(services.db)
    if (found.length >= limit) return page(found.map(({ id }) => id))
  }
  return newest(withWords(sight, plain, has))
}

/**
 * Each way in which somebody comes to see tasks is a walk of its own along an index that ends after a page, and the page is
 * the newest of what they find: one walk for all of them would pass the tasks of everybody else.
 */
function walks(sight: Exclude<Sight, 'none'>, plain: RawBuilder<boolean>, limit: number): RawBuilder<unknown> {
  const walk = (where: RawBuilder<boolean>) =>
    sql`(SELECT t.id FROM errand.tasks t WHERE ${where} AND ${plain} ORDER BY t.id DESC LIMIT ${limit})`
  if (sight === 'all') return walk(sql<boolean>`true`)
  const along = (scopes: readonly string[], where: RawBuilder<boolean>) =>
    scopes.length === 0
      ? []
      : [
          sql`(SELECT w.id FROM unnest(${[...scopes]}::text[]) AS s (scope), LATERAL ${walk(sql<boolean>`t.scope = s.scope AND ${where}`)} w)`,
        ]
  return sql.join(
    [
      walk(sql<boolean>`t.owner = ${sight.owner}`),
      ...along(sight.scopes, sql<boolean>`true`),
      ...along(sight.teamScopes, MADE_FOR_TEAM),
    ],
    sql` UNION ALL `,
  )
}

/**
 * All that have the words. The database cannot know how few these are, and would rather walk through everything from the
 * newest on until a page is full: so it is asked for all of them, and sorts what it finds.
 */
function withWords(
  sight: Exclude<Sight, 'none'>,
  plain: RawBuilder<boolean>,
  words: RawBuilder<boolean>,
): RawBuilder<unknown> {
  const seen =
    sight === 'all'
      ? sql<boolean>`true`
      : sql<boolean>`(t.owner = ${sight.owner} OR t.scope = ANY(${[...sight.scopes]}::text[])
        OR t.scope = ANY(${[...sight.teamScopes]}::text[]) AND ${MADE_FOR_TEAM})`
  // The index has what is over; what is open is little, and would have to leave it again.
  return sql`WITH found AS MATERIALIZED (
      SELECT t.id FROM errand.tasks t WHERE ${OVER} AND ${words} AND ${seen} AND ${plain}
      UNION ALL SELECT t.id FROM errand.tasks t WHERE ${OPEN} AND ${words} AND ${seen} AND ${plain})
    SELECT found.id FROM found`
}

/** Of definitions that make something for the team. */
const MADE_FOR_TEAM = sql<boolean>`EXISTS (SELECT FROM errand.definitions d
  WHERE d.name = t.definition AND d.version = t.version
    AND jsonb_path_exists(d.shape, '$.artifacts.*.visibility ? (@ == "team")'))`

function conditions(query: TaskQuery): { plain: RawBuilder<boolean>; words: string | undefined } {
  const plain: RawBuilder<boolean>[] = [sql<boolean>`true`]
  if (query.state !== undefined && query.state.length > 0) plain.push(sql`t.state = ANY(${[...query.state]}::text[])`)
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
  return { plain: sql<boolean>`${sql.join(plain, sql` AND `)}`, words: wordsQuery(query.q) }
}

/** The least id that can have been given at a time. */
const firstId = (at: Date, apart: number) =>
  uuidv7({ msecs: Math.max(0, at.getTime() + apart), random: new Uint8Array(16), seq: 0 })

/** A query for the index of words: each is the beginning of one in the title, the scope or the id. */
function wordsQuery(q: string | undefined): string | undefined {
  // What separates words there separates them here: ASCII that is neither a letter nor a digit, and white space.
  const words = (q ?? '').split(/[\s!-/:-@[-`{-~]+/).filter(Boolean)
  if (words.length === 0) return undefined
  return words
    .slice(0, WORDS)
    .map((word) => `${word}:*`)
    .join(' & ')
}

const hasWords = (query: string) =>
  sql<boolean>`errand.task_words(t.title, t.scope, t.id) @@ to_tsquery('pg_catalog.simple', ${query})`

function pageTokenInvalid(): Problem {
  return new Problem({
    code: 'page-token-invalid',
    status: 400,
    title: 'The page token is not valid',
    hint: 'Use the token that came with the page before.',
  })
}
