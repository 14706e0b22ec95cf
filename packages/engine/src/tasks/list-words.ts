import { isFinal, taskStates } from '@errand/task'
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { idWindow } from './id-window.ts'
import { newestSeen, type SomeSight, seenBy } from './list-walks.ts'

/**
 * Of the newest tasks that are looked through for words, before the index of all is asked: some milliseconds' work. More for
 * those who see few, as the index would be asked for what everybody has.
 */
const RECENT = { staff: 500, others: 1_000 }

/** As many times as many are looked through as well, where the rest of the page is to be expected among them. */
const FURTHER = 2

/** A word that as large a share of the recent has narrows nothing, and its part of the index is all of it. */
const FREQUENT = 0.5

/**
 * Of the recent that have the words, from which on the page is looked for in a window that twice as many as it takes should
 * be in. Fewer tell too little, and all that have the words are then not many.
 */
const FEW = 2

/** A search, by beginnings of words that a task must all have. */
export interface WordSearch {
  words: readonly string[]
  /** What else a task `t` must be, and whether that is said of its state, definition, scope or owner. */
  plain: RawBuilder<boolean>
  narrowed: boolean
  sight: SomeSight
  limit: number
}

/** The newest tasks that have the words. @returns their ids, newest first */
export async function findWords(db: Kysely<Tables>, search: WordSearch): Promise<readonly string[]> {
  const { limit, narrowed, sight, words } = search
  // Of a frequent word there is a page among the newest, and all who have it would be far too many to sort; and most people
  // may see so few that these are all.
  const most = sight === 'all' ? RECENT.staff : RECENT.others
  const recent = await lookThroughRecent(db, search, most)
  if (recent.seen < most || recent.ids.length >= limit) return recent.ids
  if (recent.ids.length * (1 + FURTHER) >= limit) {
    const further = await lookFurther(db, search, recent, FURTHER * most)
    if (further !== undefined) return further
  }
  const rare = words.filter((_, index) => (recent.counts[index] ?? 0) < FREQUENT * recent.seen)
  const narrowing = toQuery(rare.length > 0 ? rare : words)
  // Among the tasks of one state or one person, a window would be most of the table, and asked for in vain.
  if (!narrowed && sight === 'all' && recent.ids.length >= FEW) {
    const times = (2 * limit) / recent.ids.length
    const { from, words: within } = idWindow(recent.newest, recent.oldest, times)
    const plain = sql<boolean>`${search.plain} AND t.id >= ${from}::uuid`
    const found = await askIndex(db, { ...search, plain }, `${narrowing} & ${within}`)
    if (found.length >= limit) return found
  }
  return askIndex(db, search, narrowing)
}

/**
 * Looks through as many of those behind the recent as the rest of the page should be among twice, and again while it is not.
 *
 * @returns `undefined` when it is not among `most`, and there are more
 */
async function lookFurther(
  db: Kysely<Tables>,
  search: WordSearch,
  { ids, oldest, seen }: Recent,
  most: number,
): Promise<readonly string[] | undefined> {
  const found = [...ids]
  let looked = seen
  let last = oldest
  for (let left = most; left > 0; ) {
    const missing = search.limit - found.length
    const some = Math.min(left, Math.ceil((2 * missing * looked) / found.length))
    const plain = sql<boolean>`${search.plain} AND t.id < ${last}::uuid`
    const next = await lookThroughRecent(db, { ...search, plain, limit: missing }, some)
    found.push(...next.ids)
    if (next.seen < some || found.length >= search.limit) return found
    looked += some
    left -= some
    last = next.oldest
  }
  return undefined
}

interface Recent {
  /** How many there are, of the `most` that are looked at, and the ids at both ends. */
  seen: number
  newest: string
  oldest: string
  /** How many have each word, about. */
  counts: number[]
  /** Those that have all of them: a page, or all. */
  ids: string[]
}

async function lookThroughRecent(
  db: Kysely<Tables>,
  { limit, plain, sight, words }: WordSearch,
  most: number,
): Promise<Recent> {
  const { rows } = await sql<Recent>`
    WITH recent AS MATERIALIZED (
      SELECT t.id, t.title, t.scope, ${TEXT} AS text FROM errand.tasks t
      WHERE t.id IN ${newestSeen(sight, plain, most)})
    SELECT count(*)::int AS seen, max(id::text COLLATE "C") AS newest, min(id::text COLLATE "C") AS oldest,
      ARRAY(SELECT (SELECT count(*)::int FROM recent WHERE text LIKE '%' || lower(w.word) || '%')
        FROM unnest(${[...words]}::text[]) WITH ORDINALITY AS w (word, place) ORDER BY w.place) AS counts,
      ARRAY(SELECT t.id::text FROM (SELECT * FROM recent ORDER BY id DESC OFFSET 0) AS t
        WHERE ${hasWords(words, sql`t.text`)} LIMIT ${limit}) AS ids
    FROM recent`.execute(db)
  const [recent] = rows
  if (recent === undefined) throw new Error('An aggregate has a row')
  return recent
}

/**
 * The newest of all that have the words. The database cannot know how few these are, and would rather walk through everything
 * from the newest on until a page is full: so it is asked for all that the index names, and sorts what it finds.
 *
 * @param narrowing - a query for the index: some of the words
 */
async function askIndex(
  db: Kysely<Tables>,
  { limit, plain, sight, words }: WordSearch,
  narrowing: string,
): Promise<string[]> {
  const all = sql<boolean>`${seenBy(sight)} AND ${plain}`
  // The index has what is over; what is open is little, and would have to leave it again.
  const { rows } = await sql<{ id: string }>`
    WITH found AS MATERIALIZED (
      SELECT t.id FROM errand.tasks t WHERE ${OVER} AND ${indexHas(narrowing)} AND ${all}
      UNION ALL SELECT t.id FROM errand.tasks t WHERE ${OPEN} AND ${hasWords(words, TEXT)} AND ${all})
    SELECT f.id FROM (SELECT id FROM found ORDER BY id DESC OFFSET 0) AS f
    WHERE (SELECT ${hasWords(words, TEXT)} FROM errand.tasks t WHERE t.id = f.id) LIMIT ${limit}`.execute(db)
  return rows.map(({ id }) => id)
}

/**
 * To take a text apart is what takes time, so it is done only where all the words are to be found as parts of it. As parts, not
 * as beginnings: what looks like a number ends where the number does (`14165e982e3f` is two words).
 */
const hasWords = (words: readonly string[], text: RawBuilder<string>) => sql<boolean>`(
  ${text} LIKE ALL (ARRAY(SELECT '%' || lexeme || '%' FROM unnest(to_tsvector('pg_catalog.simple', ${words.join(' ')}))
    WHERE lexeme !~ '[^a-z0-9]')) AND ${indexHas(toQuery(words))})`

/** What the index takes apart, in lower case as its words are. Beyond ASCII a letter's may depend on what follows it. */
const TEXT = sql<string>`lower(t.title || ' ' || t.scope || ' ' || t.id::text)`

const toQuery = (words: readonly string[]) => words.map((word) => `${word}:*`).join(' & ')

const indexHas = (query: string) =>
  sql<boolean>`errand.task_words(t.title, t.scope, t.id) @@ to_tsquery('pg_catalog.simple', ${query})`

const states = (final: boolean) => sql.join(taskStates.filter((state) => isFinal('task', state) === final).map(sql.lit))
const OVER = sql<boolean>`t.state IN (${states(true)})`
const OPEN = sql<boolean>`t.state IN (${states(false)})`
