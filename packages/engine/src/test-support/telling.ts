import { afterEach } from 'vitest'
import type { DatabaseConfig } from '../config.ts'
import { createEngine } from '../engine.ts'
import type { NotificationConfig } from '../notifications/types.ts'
import type { Engine } from '../types.ts'
import { emptyDatabase } from './databases.ts'

const open: (() => Promise<unknown>)[] = []

/** Closes what the tests of a file have opened, after each. */
export function closeAllAfterEach(): void {
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })
}

/** To be closed with the rest. */
export function closeLater(close: () => Promise<unknown>): void {
  open.push(close)
}

/** An engine that tells people as configured, on an empty database. */
export async function openTelling(
  kind: 'pglite' | 'postgres',
  notifications: NotificationConfig = {},
): Promise<{ engine: Engine; database: DatabaseConfig }> {
  const { config: database, drop } = await emptyDatabase(kind)
  closeLater(drop)
  const engine = await createEngine({ database, storages: { default: { scheme: 'memory' } }, notifications })
  closeLater(() => engine.close())
  return { engine, database }
}
