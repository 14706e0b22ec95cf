import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkAll } from './check.ts'
import { clockFaults } from './faults/clock.ts'
import { databaseFaults } from './faults/database.ts'
import type { Fault } from './faults/fault.ts'
import { killFaults } from './faults/kills.ts'
import { networkFaults } from './faults/network.ts'
import { pointFaults } from './faults/points.ts'
import { serveFaults } from './faults/serve.ts'
import { storageFaults } from './faults/storage.ts'
import { openSite, type Site } from './site.ts'
import { Tally } from './tally.ts'

/** Minutes that all faults take, each as often as it says. With less time each is injected less often. */
const FULL_MINUTES = 25
/** How often `serve` is killed in each window, and at any time, in a full run. */
const SERVE = { times: 5, anyTime: 10 }
/** Seconds that open tasks get to end once nothing is broken any more. */
const DRAIN_SECONDS = 120
/** Of the time that is left for faults, what goes to the last part, in which everything must come to rest. */
const REST_MS = 45_000

export interface ChaosOptions {
  /** Default: as long as it takes. */
  minutes?: number
  /** Only kinds with this text in their name. */
  only?: string
  /** The folder of the run stays, with its logs. */
  keep?: boolean
  say(text: string): void
}

/**
 * Breaks a small platform in every way there is while users start tasks, and holds the record against what must be so.
 *
 * @returns the table, and what was wrong
 */
export async function runChaos(options: ChaosOptions): Promise<{ table: string; wrong: string[] }> {
  const { minutes = FULL_MINUTES, say, only = '' } = options
  const share = Math.min(1, minutes / FULL_MINUTES)
  const end = options.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000 - REST_MS
  const times = (full: number) => Math.max(1, Math.round(full * share))
  const folder = await mkdtemp(join(tmpdir(), 'errand-chaos-'))
  // PostgreSQL runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  const tally = new Tally()
  try {
    if (only === '' || only.startsWith('serve')) {
      // The embedded database first: a quarter of the time, as it is started anew for each fault.
      const late = Date.now() + (end - Date.now()) / 4
      await serveFaults(folder, tally, {
        times: times(SERVE.times),
        anyTime: times(SERVE.anyTime),
        late: () => Date.now() > late,
        say,
      })
    }
    const faults = [
      ...pointFaults,
      ...killFaults,
      ...databaseFaults,
      ...networkFaults,
      ...storageFaults,
      ...clockFaults,
    ].filter(({ kind }) => kind.includes(only))
    if (faults.length > 0) {
      say('A database, a server and two workers start.')
      const site = await openSite(folder, tally)
      say('They run, and tasks are started.')
      try {
        for (const fault of faults) await inject(site, fault, { times: times(fault.times), end, say })
        say('Nothing is broken any more; what is open may end.')
        await site.staff(2)
        await site.load.drain(DRAIN_SECONDS)
        await checkAll({ ...site, accepted: site.load.accepted })
      } finally {
        await site.close()
      }
    }
  } finally {
    if (options.keep) say(`The logs of all processes are in ${folder}.`)
    else await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
  return { table: tally.table(), wrong: tally.wrong }
}

async function inject(
  site: Site,
  fault: Fault,
  { times, end, say }: { times: number; end: number; say: (text: string) => void },
): Promise<void> {
  const { kind } = fault
  const row = site.tally.row(kind)
  const unable = Date.now() > end ? 'the time is over' : await fault.unable?.(site)
  if (unable !== undefined) {
    row.skipped = unable
    say(`${kind}: skipped, ${unable}`)
    return
  }
  site.load.kind = kind
  await site.staff(2)
  const restore = await fault.prepare?.(site)
  try {
    for (let time = 0; time < times && (time === 0 || Date.now() < end); time++) await fault.inject(site, kind)
  } finally {
    await restore?.()
  }
  say(`${kind}: ${row.injected}`)
}
