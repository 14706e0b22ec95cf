import { setTimeout as delay } from 'node:timers/promises'
import type { Fault } from './fault.ts'

/** Workers at work while one after the other is killed. */
const CREW = 4
/** Milliseconds between two kills. */
const PAUSE_MS = 1_500
/** Milliseconds for which a worker stands still: well past its lease, so that another has taken its steps. */
const STILL_MS = 16_000

/** Two at a time, each at a moment of its own. */
export const crewKill: Fault = {
  kind: 'worker killed at any time',
  times: 20,
  async prepare(site) {
    await site.staff(CREW)
    return () => site.staff(2)
  },
  async inject(site, kind) {
    const victims = shuffled(site.workers).slice(0, 2)
    const next = victims.map(() => site.worker())
    // Their places are taken before they go, so that the crew stays as large as it is.
    await Promise.all(next.map(({ ready }) => ready))
    site.workers.push(...next)
    await Promise.all(
      victims.map(async (victim) => {
        await delay(PAUSE_MS * Math.random())
        site.workers.splice(site.workers.indexOf(victim), 1)
        site.lost(kind, victim, await victim.kill())
      }),
    )
  },
}

function shuffled<T>(given: readonly T[]): T[] {
  return given
    .map((each) => ({ each, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ each }) => each)
}

export const serverKill: Fault = {
  kind: 'server killed at any time',
  times: 10,
  async inject(site, kind) {
    await delay(PAUSE_MS * Math.random())
    site.tally.row(kind).recoveries.push(await site.killServer())
    site.tally.row(kind).injected++
  },
}

export const standstill: Fault = {
  kind: 'worker stands still past its lease',
  times: 4,
  async inject(site, kind) {
    const worker = site.worker()
    await worker.ready
    await site.busy(worker)
    worker.signal('SIGSTOP')
    site.lost(kind, worker, Date.now())
    await delay(STILL_MS)
    worker.signal('SIGCONT')
    // It finds out that its steps are another's, and goes on with new ones.
    await delay(4_000)
    await worker.kill()
  },
}
