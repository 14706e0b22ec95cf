import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../wait.ts'
import type { Fault } from './fault.ts'

/** Milliseconds until work flows again: breaking what has not come up would prove nothing. */
const FLOW_MS = 4_000

let copies = 1

export const databaseFaults: Fault[] = [
  {
    kind: 'PostgreSQL restarted (immediate)',
    times: 10,
    async inject(site, kind) {
      await delay(2_000 * Math.random())
      await site.cluster.stopImmediate()
      await delay(1_000 * Math.random())
      await site.cluster.start()
      await until(async () => (await site.cluster.query('SELECT 1')).length === 1)
      site.tally.row(kind).injected++
      site.heals.push({ kind, at: Date.now() })
      await delay(FLOW_MS)
    },
  },
  {
    // Nobody is told of it: all know both addresses, and find the one that accepts writes.
    kind: 'primary killed, standby promoted',
    times: 5,
    async inject(site, kind) {
      const former = site.cluster
      const [port] = site.ports.filter((each) => each !== former.port)
      if (port === undefined) throw new Error('There is no second port.')
      const standby = await former.standby(join(site.folder, `postgres-${++copies}`), port)
      // Some load of which the standby has confirmed each commit.
      await delay(FLOW_MS)
      await former.kill()
      await standby.promote()
      site.cluster = standby
      site.tally.row(kind).injected++
      site.heals.push({ kind, at: Date.now() })
      await delay(FLOW_MS)
    },
  },
]
