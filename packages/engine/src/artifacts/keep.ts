import { type RawBuilder, sql } from 'kysely'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import { clockNow } from '../database/clock.ts'
import type { ArtifactRecord } from './rows.ts'

/**
 * Until when an artifact is kept, in SQL: the earliest of what its rule names (`least` passes over what is unknown), or
 * later where somebody has extended it. `null`: for ever, or until it is consumed.
 */
export function expiry(row: {
  keep: RawBuilder<unknown>
  availableAt: RawBuilder<unknown>
  scopeEndsAt: RawBuilder<unknown>
  extendedUntil: RawBuilder<unknown>
}): RawBuilder<Date | null> {
  const { availableAt, extendedUntil, keep, scopeEndsAt } = row
  return sql<Date | null>`(SELECT CASE WHEN rule.ends IS NULL THEN NULL ELSE greatest(rule.ends, ${extendedUntil}) END
    FROM (SELECT CASE WHEN jsonb_typeof(${keep}) = 'string' THEN NULL ELSE least(
      ${availableAt} + make_interval(secs => 86400 * (${keep}->>'days')::float8),
      (${keep}->>'until')::timestamptz,
      CASE WHEN ${keep}->>'scopeEnd' = 'true' THEN ${scopeEndsAt} END) END AS ends) rule)`
}

const ofRow = expiry({
  keep: sql`a.keep`,
  availableAt: sql`a.available_at`,
  scopeEndsAt: sql`a.scope_ends_at`,
  extendedUntil: sql`a.extended_until`,
})

/** Says when a scope ends: `null` when that is not known or never. */
export type ScopeEnds = (scope: string) => Promise<Date | null> | Date | null

/**
 * Asks the platform again for the end of each scope whose files are kept until then: it may have moved. A scope that it
 * has no answer for is asked about the next time; its files stay.
 */
export async function askScopeEnds(record: ArtifactRecord, scopeEnds: ScopeEnds, logger: Logger): Promise<void> {
  const now = clockNow(record.clock)
  const { rows } = await sql<{ scope: string }>`
    SELECT DISTINCT t.scope FROM errand.artifacts a JOIN errand.tasks t ON t.id = a.task_id
    WHERE a.state = 'available' AND a.keep->>'scopeEnd' = 'true'
      AND (a.scope_asked_at IS NULL OR a.scope_asked_at < ${now} - make_interval(secs => ${defaults.scopeEndSeconds}))
    LIMIT ${defaults.scopesAsked}`.execute(record.db)
  for (const { scope } of rows) {
    let ends: Date | null
    try {
      ends = await scopeEnds(scope)
    } catch (error) {
      logger.warn({ err: error, scope }, 'the platform did not say when a scope ends; its files are kept')
      continue
    }
    await sql`
      UPDATE errand.artifacts a SET scope_ends_at = ${ends}::timestamptz, scope_asked_at = ${now}
      FROM errand.tasks t WHERE t.id = a.task_id AND t.scope = ${scope}
        AND a.state = 'available' AND a.keep->>'scopeEnd' = 'true'`.execute(record.db)
    await sql`
      UPDATE errand.artifacts a SET expires_at = ${ofRow}
      FROM errand.tasks t WHERE t.id = a.task_id AND t.scope = ${scope}
        AND a.state = 'available' AND a.keep->>'scopeEnd' = 'true'`.execute(record.db)
  }
}

/** Keeps an artifact until then at least. @returns whether it was there to be kept */
export async function extend(record: ArtifactRecord, id: string, until: Date): Promise<boolean> {
  const kept = await record.db
    .updateTable('artifacts')
    .set({ extended_until: sql`greatest(extended_until, ${until}::timestamptz)` })
    .where('id', '=', id)
    .where('state', '=', 'available')
    .executeTakeFirst()
  if (kept.numUpdatedRows === 0n) return false
  await sql`UPDATE errand.artifacts a SET expires_at = ${ofRow} WHERE a.id = ${id}::uuid AND a.state = 'available'`.execute(
    record.db,
  )
  return true
}
