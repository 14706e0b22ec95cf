import type { DefinitionShape } from '@errand/task'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../database/schema.ts'
import { Problem } from '../problem.ts'

/** How far one limit of a definition is used up. */
export interface LimitUse {
  /** Whether it counts what one person starts, or what is started for one scope. */
  by: 'owner' | 'scope'
  /** `perDay`: within any 24 hours; `open`: at once. */
  kind: 'perDay' | 'open'
  most: number
  used: number
  /** When one more is allowed; `null` while it is, and when it depends on a task that is not over. */
  freesAt: Date | null
}

/** Whose starts are counted. */
export interface Starter {
  owner: string
  scope: string
}

/** Whether a definition limits starts at all. */
export function isLimited(shape: DefinitionShape): boolean {
  return shape.limits?.owner !== undefined || shape.limits?.scope !== undefined
}

/** The definition's limits for this person and scope, and what of them is used. */
export async function readLimits(db: Kysely<Tables>, shape: DefinitionShape, starter: Starter): Promise<LimitUse[]> {
  const uses: LimitUse[] = []
  for (const by of ['owner', 'scope'] as const) {
    const { open, perDay } = shape.limits?.[by] ?? {}
    const mine = db.selectFrom('tasks').where('definition', '=', shape.name).where(by, '=', starter[by])
    if (perDay !== undefined) {
      const recent = await mine
        .select(sql<number>`(extract(epoch FROM created_at + interval '24 hours') * 1000)::float8`.as('until_ms'))
        .where('created_at', '>', sql<Date>`now() - interval '24 hours'`)
        .orderBy('created_at', 'desc')
        .limit(perDay)
        .execute()
      const last = recent.length < perDay ? undefined : recent.at(-1)
      const freesAt = last === undefined ? null : new Date(last.until_ms)
      uses.push({ by, kind: 'perDay', most: perDay, used: recent.length, freesAt })
    }
    if (open !== undefined) {
      const { count } = await mine
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('state', 'in', ['pending', 'running', 'canceling'])
        .executeTakeFirstOrThrow()
      uses.push({ by, kind: 'open', most: open, used: Number(count), freesAt: null })
    }
  }
  return uses
}

/**
 * Lets starts that share a limit pass one after the other, whichever process they come to, until the transaction ends.
 * All that a transaction needs are taken at once and in one order, so that no two wait for each other.
 */
export async function lockLimits(
  trx: Transaction<Tables>,
  starts: readonly { shape: DefinitionShape; starter: Starter }[],
): Promise<void> {
  const keys = new Set(
    starts.flatMap(({ shape, starter }) => [
      ...(shape.limits?.owner === undefined ? [] : [`owner ${shape.name} ${starter.owner}`]),
      ...(shape.limits?.scope === undefined ? [] : [`scope ${shape.name} ${starter.scope}`]),
    ]),
  )
  for (const key of [...keys].sort()) {
    // As text, since not every driver can read what is void.
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`errand.limit ${key}`}, 0))::text`.execute(trx)
  }
}

/** The refusal, when a limit is used up: which, and when one more is allowed. */
export function limitReached(shape: DefinitionShape, uses: readonly LimitUse[]): Problem | undefined {
  const full = uses.find(({ most, used }) => used >= most)
  if (full === undefined) return undefined
  const { by, freesAt, kind, most, used } = full
  const whose = by === 'owner' ? 'one person' : 'one scope'
  return new Problem({
    code: 'limit-reached',
    status: 429,
    title: `${shape.title} cannot be started again yet`,
    detail:
      kind === 'perDay'
        ? `${most} within 24 hours ${be(most)} allowed for ${whose}.`
        : `${most} at a time ${be(most)} allowed for ${whose}, and ${used} ${be(used)} not over.`,
    hint:
      freesAt === null
        ? used === 1
          ? 'Wait until it is over, or cancel it.'
          : 'Wait until one of them is over, or cancel one.'
        : `One more can be started from ${freesAt.toISOString()}.`,
    extensions: { limit: { by, kind, most, used, freesAt: freesAt?.toISOString() ?? null } },
  })
}

const be = (many: number): string => (many === 1 ? 'is' : 'are')
