import type { System } from '../system.ts'
import { bullmq } from './bullmq.ts'
import { dbos, dbosQueue } from './dbos.ts'
import { errand } from './errand.ts'
import { pgBoss } from './pg-boss.ts'

/** All that are measured. */
export const systems: readonly System[] = [errand, pgBoss, bullmq, dbos, dbosQueue]

export function systemOf(name: string): System {
  const system = systems.find((each) => each.name === name)
  if (system === undefined)
    throw new Error(`There is no system "${name}": ${systems.map((each) => each.name).join(', ')}.`)
  return system
}
