import { setTimeout as delay } from 'node:timers/promises'
import type { Site } from '../site.ts'
import type { Fault } from './fault.ts'

/** Milliseconds for which the storage is as it should not be: long enough for several attempts to meet it. */
const AWAY_MS = 4_000
/** Milliseconds: past the lease, which a step that waits for its storage must keep all the same. */
const HANG_MS = 14_000

function storageFault(
  kind: string,
  times: number,
  ms: number,
  begin: (site: Site) => Promise<void>,
  end: (site: Site) => Promise<void>,
): Fault {
  return {
    kind,
    times,
    unable: async ({ volume }) => volume.plain,
    async inject(site) {
      await begin(site)
      await delay(ms).finally(() => end(site))
      site.tally.row(kind).injected++
      site.heals.push({ kind, at: Date.now() })
      await delay(2_000)
    },
  }
}

export const storageFaults: Fault[] = [
  storageFault(
    'storage full',
    4,
    AWAY_MS,
    ({ volume }) => volume.fill(),
    ({ volume }) => volume.empty(),
  ),
  storageFault(
    'storage refuses to write',
    4,
    AWAY_MS,
    ({ volume }) => volume.refuse(true),
    ({ volume }) => volume.refuse(false),
  ),
  storageFault(
    'storage hangs',
    3,
    HANG_MS,
    ({ volume }) => volume.freeze(true),
    ({ volume }) => volume.freeze(false),
  ),
]
