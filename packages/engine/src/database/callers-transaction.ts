import {
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
  type Transaction,
} from 'kysely'
import { Problem } from '../problem.ts'
import { installationId } from './installation.ts'
import { SCHEMA } from './migrate.ts'
import type { Database } from './open.ts'
import type { Tables } from './schema.ts'

/**
 * One statement of SQL, with `$1`, `$2` … for its parameters, run in a transaction of the caller's. What begins the
 * transaction, commits it and rolls it back is the caller's as well.
 */
export type CallersTransaction = (
  sql: string,
  parameters: readonly unknown[],
) => PromiseLike<{ readonly rows: readonly unknown[] }>

/** Runs what writes to the record within transactions of others. */
export class CallersTransactions {
  readonly #database: Database
  #installation: Promise<string> | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Begins to know which database this is, so that no caller's snapshot can be older than that. */
  async open(): Promise<void> {
    if (this.#database.kind === 'postgres') await this.#ours()
  }

  /**
   * @throws {Problem} `transaction-elsewhere`, for a transaction in another database; `transaction-missing`, where each
   *   statement is a transaction of its own
   */
  async run<T>(callers: CallersTransaction, work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> {
    if (this.#database.kind === 'pglite') {
      throw elsewhere('Errand runs on its embedded database, which no other connection reaches.')
    }
    const db = overCaller(callers)
    try {
      return await db.transaction().execute(async (trx) => {
        await this.#assertOurs(trx)
        return work(trx)
      })
    } finally {
      await db.destroy()
    }
  }

  async #assertOurs(trx: Transaction<Tables>): Promise<void> {
    const first = await sql<{ name: string; there: boolean; xact: string }>`
      SELECT current_database()::text AS name, to_regclass('errand.upkeep') IS NOT NULL AS there,
        pg_current_xact_id()::text AS xact`.execute(trx)
    const { name, there, xact } = first.rows[0] ?? { name: '', there: false, xact: '' }
    // Looked at first, as a statement about a table that is not there would spoil the caller's transaction.
    if (!there) throw elsewhere(`The transaction's database ${name} has no tables of Errand.`)
    const second = await sql<{ id: string | null; xact: string }>`
      SELECT current_database() || ' ' || (value->>'id') AS id, pg_current_xact_id()::text AS xact
      FROM errand.upkeep WHERE name = 'installation'`.execute(trx)
    const found = second.rows[0]
    if (found?.id !== (await this.#ours())) {
      throw elsewhere(`The transaction's database ${name} has an Errand of its own, which this engine is not.`)
    }
    if (found.xact !== xact) {
      throw new Problem({
        code: 'transaction-missing',
        status: 500,
        title: 'This is no transaction',
        detail: 'Two statements ran in two transactions.',
        hint: 'Begin a transaction, and hand over what runs its statements: not a pool, and not the client as a whole.',
      })
    }
  }

  #ours(): Promise<string> {
    this.#installation ??= readOurs(this.#database).catch((error: unknown) => {
      this.#installation = undefined
      throw error
    })
    return this.#installation
  }
}

async function readOurs({ db }: Database): Promise<string> {
  const id = await installationId(db)
  const { rows } = await sql<{ name: string }>`SELECT current_database()::text AS name`.execute(db)
  return `${rows[0]?.name} ${id}`
}

function elsewhere(detail: string): Problem {
  return new Problem({
    code: 'transaction-elsewhere',
    status: 500,
    title: "The transaction is not one of Errand's database",
    detail,
    hint: 'One transaction can only hold both when the engine is created with the url of the same PostgreSQL database.',
  })
}

/** A Kysely whose one connection is the caller's, and whose transactions are the caller's one. */
function overCaller(callers: CallersTransaction): Kysely<Tables> {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ parameters, sql: text }: { parameters: readonly unknown[]; sql: string }) {
      const { rows } = await callers(text, parameters)
      // What the rows are, whoever wrote the statement says: as with every driver.
      return { rows: [...rows] as R[] }
    },
    streamQuery: () => {
      throw new Error("Nothing is streamed within a caller's transaction.")
    },
  }
  const nothing = async () => undefined
  const driver: Driver = {
    init: nothing,
    acquireConnection: async () => connection,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing,
  }
  return new Kysely<Tables>({
    dialect: {
      createDriver: () => driver,
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (db) => new PostgresIntrospector(db),
    },
  }).withSchema(SCHEMA)
}
