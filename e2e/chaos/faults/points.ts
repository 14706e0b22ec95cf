import type { Process } from '../processes.ts'
import { POINT_SECONDS, type Site } from '../site.ts'
import { within } from '../wait.ts'
import type { Fault } from './fault.ts'

/** The windows in a worker's life, each with a step that passes through it. */
const points = ['after-claim', 'mid-artifact', 'before-commit', 'before-seal', 'after-commit-before-settle']

/** Starts a worker that dies at the point, and waits until it has. */
async function diesAt(site: Site, point: string): Promise<{ worker: Process; at: number }> {
  const order = `${point}${point === 'mid-artifact' ? '@write' : ''}:kill`
  const worker = site.worker({ points: order })
  try {
    const { at, signal } = await within(worker.ended, POINT_SECONDS, `${worker.name} to reach ${point}`)
    if (signal !== 'SIGKILL') throw new Error(`${worker.name} ended with ${signal}, not at ${point}`)
    return { worker, at }
  } finally {
    // One that never came there works on, and would be in the way.
    if (worker.running) await worker.kill()
  }
}

/** kill -9 at each named point. What it takes is in the code; a process with such an order dies there by itself. */
export const workerPoints: Fault[] = points.map((point) => ({
  kind: `worker killed at ${point}`,
  times: 10,
  async inject(site, kind) {
    const { at, worker } = await diesAt(site, point)
    site.lost(kind, worker, at)
  },
}))

export const bothPoints: Fault[] = points.map((point) => ({
  kind: `server killed with a worker at ${point}`,
  times: 3,
  async inject(site, kind) {
    const { at, worker } = await diesAt(site, point)
    const seconds = await site.killServer()
    site.lost(kind, worker, at)
    site.tally.row(kind).injected++
    site.tally.row(kind).recoveries.push(seconds)
  },
}))

export const serverPoint: Fault = {
  kind: 'server killed at after-submit',
  times: 6,
  async inject(site, kind) {
    // Users go on submitting: the first task after the start ends it, and is repeated with its key to the next.
    const at = await site.serverDiesAt('after-submit:kill')
    await site.answers()
    site.tally.row(kind).injected++
    site.tally.row(kind).recoveries.push((Date.now() - at) / 1_000)
  },
}
