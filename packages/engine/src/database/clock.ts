import { type RawBuilder, sql } from 'kysely'

/**
 * The clock by which files and history are kept and schedules are due: the database's, plus an offset. The offset is 0 but in tests, which
 * move it to see what happens in a month.
 */
export interface Clock {
  offsetSeconds: number
}

/** The moment of the transaction, by that clock, in SQL. */
export function clockNow({ offsetSeconds }: Clock): RawBuilder<Date> {
  return offsetSeconds === 0 ? sql<Date>`now()` : sql<Date>`(now() + make_interval(secs => ${offsetSeconds}::float8))`
}
