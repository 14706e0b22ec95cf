import { existsSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acts } from './acts.ts'
import { checkAll } from './check.ts'
import type { Fault } from './faults/fault.ts'
import { serveFaults } from './faults/serve.ts'
import { openSite, type Site } from './site.ts'
import { Tally } from './tally.ts'

/** How often `serve` is killed in each window, and at any time, in a full run; and how these kinds begin. */
const SERVE = { times: 3, anyTime: 5, kind: 'serve killed' }
/** Seconds that open tasks get to end once nothing is broken any more. */
const DRAIN_SECONDS = 120
/** Of the time that is left for faults, what goes to the last part, in which everything must come to rest. */
const REST_MS = 45_000
/** Faults that a full run injects at least. */
const FULL_FAULTS = 200
/** How often a fault that could not be injected is tried again. */
const AGAIN = 2

export interface ChaosOptions {
  /**
   * Each kind once, and again as long as there is time. Default: each as often as it says, as long as it takes.
   */
  minutes?: number
  /** Only kinds with one of these texts in their name. Default: all. */
  only?: readonly string[]
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
  const { minutes, say, only = [''] } = options
  const isChosen = (kind: string) => only.some((text) => kind.includes(text))
  const full = minutes === undefined
  const end = full ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000 - REST_MS
  const folder = await mkdtemp(join(tmpdir(), 'errand-chaos-'))
  // PostgreSQL runs as an account of its own, which must be able to enter.
  await chmod(folder, 0o755)
  // Whatever ends the run.
  const leave = () => options.keep || removeAtExit(folder)
  process.once('exit', leave)
  const tally = new Tally()
  try {
    if (isChosen(SERVE.kind)) {
      await serveFaults(folder, tally, { ...(full ? SERVE : { times: 1, anyTime: 1 }), say })
    }
    const chosen = acts.map((act) => act.filter(({ kind }) => isChosen(kind))).filter((act) => act.length > 0)
    if (chosen.length > 0) {
      say('A database, a server and two workers start.')
      const site = await openSite(folder, tally)
      say('They run, and tasks are started.')
      try {
        for (let round = 1; round === 1 || (!full && Date.now() < end); round++) {
          if (round > 1) say(`There is time: round ${round}.`)
          for (const act of chosen) {
            if (round === 1 || Date.now() < end) await play(site, act, full, say)
          }
        }
        say('Nothing is broken any more; what is open may end.')
        await site.staff(2)
        await site.load.drain(DRAIN_SECONDS)
        await checkAll({ ...site, accepted: site.load.accepted })
      } finally {
        await site.close()
      }
    }
    if (options.only === undefined && full && tally.injected < FULL_FAULTS) {
      tally.wrong.push(`only ${tally.injected} faults were injected; a full run has ${FULL_FAULTS}`)
    }
  } finally {
    if (options.keep) say(`The logs of all processes are in ${folder}.`)
    else await rm(folder, { recursive: true, force: true }).catch(() => undefined)
    process.off('exit', leave)
  }
  return { table: tally.table(), wrong: tally.wrong }
}

/** What is killed at the same moment may still make and remove files, and then Node's removal stops half-way, silently. */
function removeAtExit(folder: string): void {
  for (let tries = 0; tries < 50 && existsSync(folder); tries++) {
    if (tries > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Not empty any more; it is tried again.
    }
  }
}

/** The faults of one act, side by side; each once, or as often as it says. */
async function play(site: Site, act: readonly Fault[], full: boolean, say: (text: string) => void): Promise<void> {
  const able: Fault[] = []
  for (const fault of act) {
    const unable = await fault.unable?.(site)
    if (unable === undefined) able.push(fault)
    else {
      site.tally.row(fault.kind).skipped = unable
      say(`${fault.kind}: skipped, ${unable}`)
    }
  }
  if (able.length === 0) return
  site.load.kinds = able.map(({ kind }) => kind)
  await site.staff(2)
  await Promise.all(able.map((fault) => inject(site, fault, full ? fault.times : 1, say)))
}

async function inject(site: Site, fault: Fault, times: number, say: (text: string) => void): Promise<void> {
  const { kind } = fault
  const restore = await fault.prepare?.(site)
  let failures = 0
  try {
    for (let done = 0; done < times; ) {
      try {
        await fault.inject(site, kind)
        done++
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        say(`${kind}: not injected: ${why}`)
        // A kind that is planned and never happens must not look like one that did no harm.
        if (++failures > AGAIN) {
          site.tally.wrong.push(`${kind}: could not be injected: ${why}`)
          break
        }
      }
    }
  } finally {
    await restore?.()
  }
  say(`${kind}: ${site.tally.row(kind).injected}`)
}
