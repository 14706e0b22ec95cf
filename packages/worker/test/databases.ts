import { randomUUID } from 'node:crypto'
import type { DatabaseConfig } from '@errand/engine'
import pg from 'pg'
import { describe, inject } from 'vitest'

/** A new, empty database of either kind. */
export async function emptyDatabase(
  kind: 'pglite' | 'postgres',
): Promise<{ config: DatabaseConfig; drop: () => Promise<void> }> {
  if (kind === 'pglite') return { config: { kind, dataDir: 'memory://' }, drop: async () => undefined }
  const name = `errand_worker_${randomUUID().replaceAll('-', '')}`
  await query(`CREATE DATABASE ${name}`)
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  return { config: { kind, url: url.href }, drop: () => query(`DROP DATABASE ${name} WITH (FORCE)`) }
}

async function query(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** The one suite, over both databases. */
export function onBothDatabases(suite: (kind: 'pglite' | 'postgres') => void): void {
  describe.each(['pglite', 'postgres'] as const)('on %s', suite)
}
