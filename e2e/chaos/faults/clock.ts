import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Fault } from './fault.ts'

const PRELOAD = pathToFileURL(join(import.meta.dirname, '../turned-clock.ts')).href

/** Milliseconds for which such a worker works before it is killed. */
const WORK_MS = 4_000

/** Workers whose clock is an hour off, one before and one after the database's. Each works for a while and is killed. */
export const clockFaults: Fault[] = [1, -1].map((hours) => ({
  kind: `clock of a worker ${Math.abs(hours)} h ${hours > 0 ? 'ahead' : 'behind'}`,
  times: 3,
  async inject(site, kind) {
    const worker = site.worker({
      env: { NODE_OPTIONS: `--import ${PRELOAD}`, CHAOS_CLOCK_MS: String(hours * 3_600_000) },
    })
    await worker.ready
    await delay(WORK_MS)
    await site.busy(worker)
    site.lost(kind, worker, await worker.kill())
  },
}))
