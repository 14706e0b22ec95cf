import { existsSync, openAsBlob } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { PGlite, types as pgliteTypes } from '@electric-sql/pglite'
import { type Kysely, Kysely as KyselyDatabase, PGliteDialect, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type DatabaseConfig, defaults } from '../config.ts'
import { isProblem, Problem } from '../problem.ts'
import { migrate, SCHEMA } from './migrate.ts'
import { accessPostgres, type PostgresAccess } from './postgres-connection.ts'
import type { Tables } from './schema.ts'

export type Db = Kysely<Tables>

/** The one database, over either of its two homes. */
export interface Database {
  readonly kind: 'pglite' | 'postgres'
  readonly db: Db
  /** The embedded instance, which dispatch and the bus speak to as well. */
  readonly pglite: PGlite | undefined
  /** How others connect to the same PostgreSQL. */
  readonly postgres: PostgresAccess | undefined
  close(): Promise<void>
}

/** int8 arrives as a number: sizes and row numbers stay below 2^53. */
const INT8 = pg.types.builtins.INT8

/**
 * Opens the database and brings its schema up to date.
 *
 * @throws {Problem} `database-unreachable`, `database-url-invalid` or `data-folder-unusable`
 */
export async function openDatabase(config: DatabaseConfig, onError: (error: Error) => void): Promise<Database> {
  const database =
    config.kind === 'pglite' ? await openPGlite(config.dataDir) : openPostgres(accessPostgres(config.url), onError)
  try {
    await migrateWith(database)
  } catch (cause) {
    await database.close().catch(() => undefined)
    if (isProblem(cause)) throw cause
    throw new Problem({
      code: 'database-unreachable',
      status: 503,
      title: 'The database cannot be used',
      detail: cause instanceof Error ? cause.message || cause.name : String(cause),
      hint:
        config.kind === 'postgres'
          ? 'Check DATABASE_URL, that PostgreSQL runs, and that the role may create a schema.'
          : 'If the data folder was damaged, restore it from a backup.',
      cause,
    })
  }
  return database
}

async function openPGlite(dataDir: string): Promise<Database> {
  // V8 now and then ends the process while it frees WebAssembly code that was compiled anew
  // ("Check failed: jit_page_->allocations_.erase(addr) == 1", nodejs/node#64500): it keeps that code, some megabytes.
  setFlagsFromString('--no-wasm-code-gc')
  let pglite: PGlite
  try {
    const template = await templateFor(dataDir)
    pglite = await PGlite.create({
      dataDir,
      parsers: { [pgliteTypes.INT8]: Number },
      ...(template === undefined ? {} : { loadDataDir: template }),
    })
  } catch (cause) {
    throw new Problem({
      code: 'data-folder-unusable',
      status: 503,
      title: 'The data folder cannot be used',
      detail: `${dataDir}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Check that the folder can be written, that its disk is not full, and that no other process uses it.',
      cause,
    })
  }
  const db = new KyselyDatabase<Tables>({ dialect: new PGliteDialect({ pglite }) }).withSchema(SCHEMA)
  return { kind: 'pglite', db, pglite, postgres: undefined, close: () => db.destroy() }
}

/**
 * A new database begins with a copy of the one in `ERRAND_DATABASE_TEMPLATE` (a tar file that PGlite's `dumpDataDir`
 * made), where that is set: making one from nothing takes several seconds, which tests do not have.
 */
async function templateFor(dataDir: string): Promise<Blob | undefined> {
  const path = process.env.ERRAND_DATABASE_TEMPLATE
  if (path === undefined || path === '') return undefined
  if (dataDir !== 'memory://' && existsSync(join(dataDir, 'PG_VERSION'))) return undefined
  return openAsBlob(path)
}

function openPostgres(access: PostgresAccess, onError: (error: Error) => void): Database {
  const pool = new pg.Pool({
    ...access.config('errand', { silence: defaults.silenceTimeout, statement: defaults.statementTimeout }),
    max: defaults.poolSize,
    types: { getTypeParser: (id, format) => (id === INT8 ? Number : pg.types.getTypeParser(id, format)) },
  })
  // An idle connection that breaks (a restart of PostgreSQL) is no reason to end the process: the pool makes a new one.
  pool.on('error', onError)
  // Nor is one that breaks while a transaction has it in hand, between two statements: the pool does not listen then.
  pool.on('connect', (client) => client.on('error', onError))
  const db = new KyselyDatabase<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA)
  return { kind: 'postgres', db, pglite: undefined, postgres: access, close: () => db.destroy() }
}

/** A migration may rightly take long, so on PostgreSQL it has a connection of its own, without limits. */
async function migrateWith({ db, postgres }: Database): Promise<void> {
  if (postgres === undefined) {
    await migrate(db)
    return
  }
  const pool = new pg.Pool({ ...postgres.config('errand-migrate', {}), max: 1 })
  pool.on('error', () => undefined)
  const single = new KyselyDatabase<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA)
  try {
    await migrate(single)
  } finally {
    await single.destroy()
  }
}
