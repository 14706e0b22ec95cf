import type { Fault } from './fault.ts'

/** The windows in a worker's life, each with a step that passes through it. */
const workerPoints = ['after-claim', 'mid-artifact', 'before-commit', 'before-seal', 'after-commit-before-settle']

/** kill -9 at each named point. What it takes is in the code; a process with such an order dies there by itself. */
export const pointFaults: Fault[] = [
  ...workerPoints.map((point): Fault => {
    const step = point === 'mid-artifact' ? '@write' : ''
    return {
      kind: `worker killed at ${point}`,
      times: 10,
      async inject(site, kind) {
        const worker = site.worker({ points: `${point}${step}:kill` })
        const { at } = await worker.ended
        site.lost(kind, worker, at)
      },
    }
  }),
  ...workerPoints.map((point): Fault => {
    const step = point === 'mid-artifact' ? '@write' : ''
    return {
      kind: `server killed with a worker at ${point}`,
      times: 4,
      async inject(site, kind) {
        const worker = site.worker({ points: `${point}${step}:kill` })
        const { at } = await worker.ended
        const seconds = site.killServer()
        site.lost(kind, worker, at)
        site.tally.row(kind).injected++
        site.tally.row(kind).recoveries.push(await seconds)
      },
    }
  }),
  {
    kind: 'server killed at after-submit',
    times: 10,
    async inject(site, kind) {
      // Users go on submitting: the first task after the start ends it, and is repeated with its key to the next.
      const seconds = await site.killServer('after-submit:kill')
      site.tally.row(kind).injected++
      site.tally.row(kind).recoveries.push(seconds)
    },
  },
]
