import { type RawBuilder, sql } from 'kysely'
import type { Sight } from '../access/access.ts'

/** Of whoever may see anything. */
export type SomeSight = Exclude<Sight, 'none'>

/**
 * Walks along so few scopes, and each so long, are written out: the database then merges them and goes along each only as far
 * as is needed, which saves more than it takes to plan (a fifth of a millisecond for each, and a third of one for 500 ids).
 */
const MERGED = { scopes: 50, ids: 500 }

/**
 * A query for the newest tasks that somebody may see: their ids. Each way in which they come to see tasks is a walk of its own
 * along an index that ends after a page, and the page is the newest of what they find: one walk for all of them would pass
 * the tasks of everybody else.
 */
export function newestSeen(sight: SomeSight, plain: RawBuilder<boolean>, limit: number): RawBuilder<unknown> {
  const walk = (where: RawBuilder<boolean>) =>
    sql`(SELECT t.id FROM errand.tasks t WHERE ${where} AND ${plain} ORDER BY t.id DESC LIMIT ${limit})`
  if (sight === 'all') return walk(sql<boolean>`true`)
  const along = (scopes: readonly string[], where: RawBuilder<boolean>) =>
    scopes.length <= MERGED.scopes && limit >= MERGED.ids
      ? scopes.map((scope) => walk(sql<boolean>`t.scope = ${scope} AND ${where}`))
      : [
          sql`(SELECT w.id FROM unnest(${[...scopes]}::text[]) AS s (scope), LATERAL ${walk(sql<boolean>`t.scope = s.scope AND ${where}`)} w)`,
        ]
  const all = sql.join(
    [
      walk(sql<boolean>`t.owner = ${sight.owner}`),
      ...along(sight.scopes, sql<boolean>`true`),
      ...along(sight.teamScopes, MADE_FOR_TEAM),
    ],
    sql` UNION ALL `,
  )
  // A task is found twice at most: as one's own, and by its scope.
  return sql`(SELECT DISTINCT f.id FROM (SELECT w.id FROM (${all}) AS w (id) ORDER BY w.id DESC LIMIT ${2 * limit}) AS f
    ORDER BY f.id DESC LIMIT ${limit})`
}

/** Whether a task is among what somebody may see: for those that an index of something else has found. */
export function seenBy(sight: SomeSight): RawBuilder<boolean> {
  if (sight === 'all') return sql<boolean>`true`
  return sql<boolean>`(t.owner = ${sight.owner} OR t.scope = ANY(${[...sight.scopes]}::text[])
    OR t.scope = ANY(${[...sight.teamScopes]}::text[]) AND ${MADE_FOR_TEAM})`
}

/** Of definitions that make something for the team. */
const MADE_FOR_TEAM = sql<boolean>`EXISTS (SELECT FROM errand.definitions d
  WHERE d.name = t.definition AND d.version = t.version
    AND jsonb_path_exists(d.shape, '$.artifacts.*.visibility ? (@ == "team")'))`
