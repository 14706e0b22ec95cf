import { clockFaults } from './faults/clock.ts'
import { databaseFaults } from './faults/database.ts'
import type { Fault } from './faults/fault.ts'
import { crewKill, serverKill, standstill } from './faults/kills.ts'
import { cuts, hiccups } from './faults/network.ts'
import { bothPoints, serverPoint, workerPoints } from './faults/points.ts'
import { storageFaults } from './faults/storage.ts'

/**
 * All that is done to a site, in order. Faults of one act are injected side by side, as each touches only a worker of
 * its own; what touches something that all need is an act by itself.
 */
export const acts: readonly (readonly Fault[])[] = [
  workerPoints,
  bothPoints,
  [serverPoint],
  [crewKill],
  [serverKill],
  [standstill, ...cuts],
  hiccups,
  clockFaults,
  ...databaseFaults.map((fault) => [fault]),
  ...storageFaults.map((fault) => [fault]),
]
