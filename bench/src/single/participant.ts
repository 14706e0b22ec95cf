import { setTimeout as delay } from 'node:timers/promises'
import { obeyOrders } from '../order.ts'
import type { Services } from '../services.ts'
import { now, type Role } from './system.ts'
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
export interface Answer {
  latencies?: number[]
}

let participant: Awaited<ReturnType<ReturnType<typeof systemOf>['open']>> | undefined

async function obey(order: Order): Promise<Answer> {
  if (order.do === 'open') {
    participant = await systemOf(order.system).open(order.role, order.services)
    return {}
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
  if (order.do === 'latencies') return { latencies: await participant.latencies() }
  if (order.do === 'close') await participant.close()
  return {}
}

obeyOrders(obey, ({ do: what }) => what === 'close')
