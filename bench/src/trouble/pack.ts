import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { defineTask, type StepContext } from '@errand/task'
import { z } from 'zod'

type Context = StepContext<Record<string, never>, unknown, never, never>

function misbehaves(name: string, run: (context: Context) => unknown) {
  return defineTask({ name, version: 1, title: name, input: z.object({}) }).step(
    'run',
    // As often as it can: the trouble is to last as long as the measurement.
    { retry: { attempts: 100, backoff: 'fixed', delay: { seconds: 0.1 } } },
    run,
  )
}

/** Ends when it is told to. */
export const listens = misbehaves('listens', async ({ log, signal }) => {
  log('running')
  await once(signal, 'abort')
  throw signal.reason
})

/** Waits for something else, whatever it is told. */
export const ignores = misbehaves('ignores', async ({ log }) => {
  log('running')
  await new Promise(() => setInterval(() => undefined, 60_000))
})

/** Keeps its thread busy: it cannot even hear. */
export const spins = misbehaves('spins', async ({ log }) => {
  log('running')
  // The line is sent by then.
  await delay(20)
  for (;;) Math.random()
})

/** Takes ever more memory, until its thread is ended and it begins again. */
export const leaks = misbehaves('leaks', async ({ log }) => {
  log('running')
  const kept: number[][] = []
  for (;;) {
    for (let times = 0; times < 50; times++) kept.push(new Array<number>(10_000).fill(Math.random()))
    await delay(10)
  }
})

/** What everybody else runs meanwhile. */
export const nothing = misbehaves('nothing', () => undefined)
