import {
  type DrizzleSqlTagLike,
  type DrizzleTransactionLike,
  type KnexTransactionLike,
  type KyselyTransactionLike,
  type PrismaTransactionLike,
  fromDrizzle as throughDrizzle,
  fromKnex as throughKnex,
  fromKysely as throughKysely,
  fromPrisma as throughPrisma,
} from 'pg-boss'
import type { CallersTransaction } from '../database/callers-transaction.ts'

/** What of a client of `pg` is needed: one that is in a transaction, not a pool. */
export interface PgClientLike {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}

/**
 * The transaction that a client of `pg` is in.
 *
 * @example
 * ```ts
 * await client.query('BEGIN')
 * await engine.within(fromPg(client)).submit({ definition: 'course.export', input: { course } }, who)
 * await client.query('COMMIT')
 * ```
 */
export function fromPg(client: PgClientLike): CallersTransaction {
  return (text, parameters) => client.query(text, [...parameters])
}

/**
 * A transaction of Kysely's, of any schema.
 *
 * @example
 * ```ts
 * await db.transaction().execute(async (trx) => {
 *   await engine.within(fromKysely(trx)).submit({ definition: 'course.export', input: { course } }, who)
 * })
 * ```
 */
export function fromKysely(trx: KyselyTransactionLike): CallersTransaction {
  return over(throughKysely(trx))
}

/**
 * A transaction of Drizzle's.
 *
 * @param sql - the tag that `drizzle-orm` exports
 * @example
 * ```ts
 * await db.transaction(async (tx) => {
 *   await engine.within(fromDrizzle(tx, sql)).submit({ definition: 'course.export', input: { course } }, who)
 * })
 * ```
 */
export function fromDrizzle(tx: DrizzleTransactionLike, sql: DrizzleSqlTagLike): CallersTransaction {
  return over(throughDrizzle(tx, sql))
}

/**
 * An interactive transaction of Prisma's, over PostgreSQL.
 *
 * @example
 * ```ts
 * await prisma.$transaction(async (tx) => {
 *   await engine.within(fromPrisma(tx)).submit({ definition: 'course.export', input: { course } }, who)
 * })
 * ```
 */
export function fromPrisma(tx: PrismaTransactionLike): CallersTransaction {
  return over(throughPrisma(tx))
}

/**
 * A transaction of Knex's, over PostgreSQL.
 *
 * @example
 * ```ts
 * await knex.transaction(async (trx) => {
 *   await engine.within(fromKnex(trx)).submit({ definition: 'course.export', input: { course } }, who)
 * })
 * ```
 */
export function fromKnex(trx: KnexTransactionLike): CallersTransaction {
  return over(throughKnex(trx))
}

function over(database: ReturnType<typeof throughKysely>): CallersTransaction {
  return (text, parameters) => database.executeSql(text, [...parameters])
}
