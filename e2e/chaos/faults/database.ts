import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../cluster.ts'
import type { Fault } from './fault.ts'

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
      // Until work flows again: a restart of what has not come up would prove nothing.
      await delay(4_000)
    },
  },
  {
    kind: 'primary killed, standby promoted',
    times: 3,
    async inject(site, kind) {
      const former = site.cluster
      const standby = await former.standby(join(site.folder, `postgres-${++copies}`))
      // Some load that each commit of which the standby has confirmed.
      await delay(4_000)
      site.floating.drop()
      await former.kill()
      await standby.promote()
      site.cluster = standby
      site.floating.target = { host: '127.0.0.1', port: standby.port }
      site.floating.heal()
      site.tally.row(kind).injected++
      site.heals.push({ kind, at: Date.now() })
      await delay(4_000)
    },
  },
]
