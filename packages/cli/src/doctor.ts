import type { Definition, Status, Worker } from '@errand/client'

/** One thing that was looked at, and how it is. */
export interface Finding {
  check: string
  ok: boolean
  /** What was found. */
  detail: string
  /** What to do, where something is wrong. */
  hint?: string
}

/** Seconds between the server's clock and the database's that nobody would notice. */
const SKEW = 5
/** Seconds a ready step may wait while workers are there before it is worth a look. */
const QUEUE_AGE = 60

/**
 * What is well and what is not, from what the service says of itself.
 *
 * @example
 * ```ts
 * diagnose(await client.status(), await client.workers(), await client.definitions())
 * // [{ check: 'Workers', ok: false, detail: 'nobody serves report v2, 3 tasks wait', hint: '…' }, …]
 * ```
 */
export function diagnose(status: Status, workers: readonly Worker[], definitions: readonly Definition[]): Finding[] {
  return [
    {
      check: 'Database',
      ok: true,
      detail: `${status.database}, migrations: ${status.migrations.at(-1) ?? 'none'}`,
    },
    clock(status),
    ...coverage(status, workers, definitions),
    ...queues(status),
    ...stuck(status),
    files(status),
    ...schedules(status),
  ]
}

/** Whether a machine's clock goes with the database's. */
export function clock({ clockSkewSeconds }: Pick<Status, 'clockSkewSeconds'>): Finding {
  const skew = Math.abs(clockSkewSeconds)
  const ok = skew < SKEW
  return {
    check: 'Clock',
    ok,
    detail: ok
      ? 'the server and the database agree'
      : `the server's clock is ${skew.toFixed(0)} s ${clockSkewSeconds > 0 ? 'ahead of' : 'behind'} the database's`,
    ...(ok ? {} : { hint: 'Errand goes by the database; times on screens may look wrong. Turn on NTP on both.' }),
  }
}

function coverage(status: Status, workers: readonly Worker[], definitions: readonly Definition[]): Finding[] {
  const live = workers.filter((worker) => worker.live)
  const unserved = status.queues.filter((queue) => queue.workers === 0)
  const found: Finding[] = unserved.map(({ definition, version, open }) => ({
    check: 'Workers',
    ok: false,
    detail: `nobody serves ${definition} v${version}; ${count(open, 'task')} ${open === 1 ? 'waits' : 'wait'}`,
    hint: `Start a worker with the pack that has it: errand worker PACK.`,
  }))
  for (const { name, version, workers: serving } of definitions.filter((one) => one.promoted)) {
    if (serving > 0 || unserved.some((queue) => queue.definition === name && queue.version === version)) continue
    found.push({
      check: 'Workers',
      ok: false,
      detail: `nobody serves ${name} v${version}, which new tasks get`,
      hint: 'Start a worker with the pack that has it: errand worker PACK.',
    })
  }
  if (found.length > 0) return found
  return [{ check: 'Workers', ok: true, detail: `${count(live.length, 'live worker')}, every version is served` }]
}

function queues(status: Status): Finding[] {
  const late = status.queues.filter((queue) => queue.workers > 0 && queue.oldestReadySeconds > QUEUE_AGE)
  if (late.length === 0) return [{ check: 'Queues', ok: true, detail: 'no step has waited long for a worker' }]
  return late.map(({ definition, version, ready, oldestReadySeconds }) => ({
    check: 'Queues',
    ok: false,
    detail: `${definition} v${version}: ${count(ready, 'step')} ready, the oldest for ${oldestReadySeconds.toFixed(0)} s`,
    hint: 'Its workers are busy: start more of them, or raise their concurrency.',
  }))
}

const WHY = {
  unserved: 'no live worker serves it',
  'not-claimed': 'a worker serves it and has not taken it',
  'no-heartbeat': 'its worker is silent',
} as const

function stuck(status: Status): Finding[] {
  if (status.stuck.length === 0) return [{ check: 'Stuck work', ok: true, detail: 'every step moves' }]
  return status.stuck.map(({ taskId, step, why, seconds }) => ({
    check: 'Stuck work',
    ok: false,
    detail: `step ${step} of the task ${taskId} has not moved for ${seconds.toFixed(0)} s: ${WHY[why]}`,
    hint:
      why === 'unserved'
        ? 'Start a worker with the pack that has it: errand worker PACK.'
        : 'It is given to another worker by itself; if it stays, look at the logs of the workers.',
  }))
}

function files({ unpurged }: Status): Finding {
  if (unpurged === 0)
    return { check: 'Files', ok: true, detail: 'what is gone from the record is gone from the storage' }
  return {
    check: 'Files',
    ok: false,
    detail: `${count(unpurged, 'file')} could not be removed from the storage yet`,
    hint: 'It is tried again every few seconds; if the number stays, check the storage.',
  }
}

function schedules({ refusedSchedules }: Status): Finding[] {
  if (refusedSchedules.length === 0) {
    return [{ check: 'Schedules', ok: true, detail: 'what was due was started' }]
  }
  return refusedSchedules.map(({ name, code, title }) => ({
    check: 'Schedules',
    ok: false,
    detail: `${name} started nothing when it was last due: ${title} (${code})`,
    hint: 'errand schedules list says more. It goes on with its next time; pause or remove it if it should not.',
  }))
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
