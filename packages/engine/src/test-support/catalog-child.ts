/**
 * A process that is killed while it changes the catalog, at the place that `ERRAND_DEBUG_POINTS` names. Its arguments:
 * what it does, and the database, as JSON.
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseConfig } from '../config.ts'
import { createEngine } from '../engine.ts'
import { catalogShapes } from './catalog-shapes.ts'

const staff = { id: 'local', name: 'Local admin', staff: true }
const [what = '', database = ''] = process.argv.slice(2)
const config: DatabaseConfig = JSON.parse(database)
const engine = await createEngine({ database: config, storages: { default: { scheme: 'memory' } } })
const worker = { id: randomUUID(), name: 'child', host: 'h', pid: process.pid, concurrency: 1 }
const [, second, third] = catalogShapes
switch (what) {
  case 'register':
    await engine.work.register(worker, [second])
    break
  case 'promote':
    await engine.promote(second.name, second.version, staff)
    break
  case 'move':
    await engine.work.register(worker, [third])
    for (const move of await engine.work.claimMoves(worker.id, 10)) {
      await engine.work.finishMove(worker.id, move, { input: move.input })
    }
}
await engine.close()
