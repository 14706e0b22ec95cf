import { setTimeout as delay } from 'node:timers/promises'
import { now, type Role, type Services } from './system.ts'
import { systemOf } from './systems/index.ts'

/** What the process that measures tells one of a system's processes. */
export type Order =
  | { do: 'open'; system: string; role: Role; services: Services }
  /** So many jobs, with so many submits under way at once. */
  | { do: 'flood'; count: number; inFlight: number }
  /** So many jobs, one after the other, so many milliseconds apart: what a user meets while nothing else goes on. */
  | { do: 'pace'; count: number; every: number }
  | { do: 'latencies' }
  | { do: 'close' }

/** What it answers, once for each order. */
export type Answer = { ok: true; latencies?: number[] } | { ok: false; error: string }

let participant: Awaited<ReturnType<ReturnType<typeof systemOf>['open']>> | undefined

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'open') {
    participant = await systemOf(order.system).open(order.role, order.services)
    return { ok: true }
  }
  if (participant === undefined) throw new Error('Not open')
  const { submit } = participant
  if (order.do === 'flood') {
    let left = order.count
    const one = async () => {
      while (left-- > 0) await submit({ at: now(), paced: false })
    }
    await Promise.all(Array.from({ length: order.inFlight }, one))
  }
  if (order.do === 'pace') {
    for (let sent = 0; sent < order.count; sent++) {
      await submit({ at: now(), paced: true })
      // Not in step with anybody's poll.
      await delay(order.every * (0.5 + Math.random()))
    }
  }
  if (order.do === 'latencies') return { ok: true, latencies: await participant.latencies() }
  if (order.do === 'close') await participant.close()
  return { ok: true }
}

process.on('message', (order: Order) => {
  obey(order)
    .catch(
      (error: unknown): Answer => ({ ok: false, error: error instanceof Error ? (error.stack ?? '') : String(error) }),
    )
    .then((answer) => {
      process.send?.(answer, () => order.do === 'close' && process.exit(0))
    })
})
