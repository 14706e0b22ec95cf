import type { FanOutSystem } from '../system.ts'
import { bullmq } from './bullmq.ts'
import { dbosQueue } from './dbos.ts'
import { errand } from './errand.ts'
import { graphileWorker } from './graphile-worker.ts'
import { pgBoss } from './pg-boss.ts'

/** All that are measured. */
export const systems: readonly FanOutSystem[] = [errand, bullmq, graphileWorker, pgBoss, dbosQueue]

export function systemOf(name: string): FanOutSystem {
  const system = systems.find((each) => each.name === name)
  if (system === undefined)
    throw new Error(`There is no system "${name}": ${systems.map((each) => each.name).join(', ')}.`)
  return system
}
