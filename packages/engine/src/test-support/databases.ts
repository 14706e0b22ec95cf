import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { describe, inject } from 'vitest'
import type { DatabaseConfig } from '../config.ts'
import { createEngine } from '../engine.ts'
import type { Engine, Principal } from '../types.ts'

export const staff: Principal = { id: 'local', name: 'Local admin', staff: true }
export const ada: Principal = { id: 'ada', name: 'Ada', staff: false }
export const bob: Principal = { id: 'bob', name: 'Bob', staff: false }

/** An engine of a test's own, with an empty database and an empty storage folder. */
export interface TestEngine {
  engine: Engine
  database: DatabaseConfig
  storage: string
  /** Another engine on the same database and storage, as another process would be. PostgreSQL only. */
  another(): Promise<Engine>
  close(): Promise<void>
}

/** A new, empty database of either kind. */
export async function emptyDatabase(
  kind: 'pglite' | 'postgres',
): Promise<{ config: DatabaseConfig; drop: () => Promise<void> }> {
  if (kind === 'pglite') return { config: { kind, dataDir: 'memory://' }, drop: async () => undefined }
  const admin = inject('postgresUrl')
  const name = `errand_${randomUUID().replaceAll('-', '')}`
  await query(admin, `CREATE DATABASE ${name}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return { config: { kind, url: url.href }, drop: () => query(admin, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

export async function openTestEngine(kind: 'pglite' | 'postgres'): Promise<TestEngine> {
  const { config: database, drop } = await emptyDatabase(kind)
  const storage = await mkdtemp(join(tmpdir(), 'errand-storage-'))
  const open = () =>
    createEngine({
      database,
      storages: { default: { scheme: 'fs', root: storage } },
      logger: pino({ level: process.env.ERRAND_LOG_LEVEL ?? 'silent' }),
    })
  const engines = [await open()]
  const [engine] = engines
  if (engine === undefined) throw new Error('unreachable')
  return {
    engine,
    database,
    storage,
    async another() {
      const made = await open()
      engines.push(made)
      return made
    },
    async close() {
      for (const each of engines) await each.close()
      await drop()
      await rm(storage, { recursive: true, force: true })
    },
  }
}

/** The one suite, over both databases. */
export function onBothDatabases(suite: (kind: 'pglite' | 'postgres') => void): void {
  describe.each(['pglite', 'postgres'] as const)('on %s', suite)
}
