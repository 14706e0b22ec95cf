import { sql, type Transaction } from 'kysely'
import { fromKysely, fromPglite, type Job, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import { defaults } from '../config.ts'
import type { Database } from '../database/open.ts'
import type { Tables } from '../database/schema.ts'

/**
 * The only room that knows pg-boss. A job is a wake-up with a lease: its data names a step, and the truth about the step
 * is in our own rows. Jobs are sent and settled inside the caller's transaction.
 */
export interface Dispatch {
  /** Makes the definition's queue known; must come before anything else about it. */
  ensure(queue: string): Promise<void>
  send(trx: Transaction<Tables>, queue: string, wakes: readonly Wake[]): Promise<void>
  /** Takes up to `limit` wake-ups; whoever holds one must beat. */
  take(trx: Transaction<Tables>, queue: string, limit: number): Promise<Taken[]>
  /** Ends the wake-ups, whatever becomes of the step. A stale one is left alone. */
  settle(trx: Transaction<Tables>, queue: string, leases: readonly Lease[]): Promise<void>
  /** Takes wake-ups back, whoever holds them: what they would wake is elsewhere now. */
  remove(trx: Transaction<Tables>, queue: string, jobs: readonly string[]): Promise<void>
  /** Says that the holders live. @returns how many of the leases still hold */
  beat(queue: string, leases: readonly Lease[]): Promise<number>
  /** Which of these wake-ups are still to come or being worked on. */
  live(queue: string, jobs: readonly string[]): Promise<ReadonlySet<string>>
  /** Frees every lease at once. Only where no other process can hold one. */
  releaseAll(queue: string): Promise<void>
  /**
   * The first time after `after` that a cron expression names, by the clock of a time zone.
   *
   * @throws {Error} for an expression that cannot be read or names no time
   */
  nextTime(cron: string, timeZone: string, after: Date): Date
  close(): Promise<void>
}

/** A wake-up to send. */
export interface Wake {
  id: string
  step: StepName
  /** Seconds from now. */
  after?: number
  /** Higher first. */
  priority?: number
}

export interface StepName {
  taskId: string
  step: string
  /** Of a step that fans out: one of its slices. */
  slice?: string
}

export interface Lease {
  id: string
  retryCount: number
}

export interface Taken extends Lease {
  step: StepName
}

/** A definition's queue. Each version has its own, as not every worker serves every version. */
export function queueOf(definition: string, version: number): string {
  return `${definition}/v${version}`
}

/** The queue of a definition's slices: apart, so that short steps never wait behind a million items. */
export function slicesOf(definition: string, version: number): string {
  return `${queueOf(definition, version)}/slices`
}

const SCHEMA = 'errand_dispatch'

export async function openDispatch(database: Database, logger: Logger): Promise<Dispatch> {
  const boss = bossOn(database)
  // Away from the database is a state, not a crash: supervision goes on once it is back.
  boss.on('error', (error) => logger.warn({ err: error }, 'dispatch could not reach the database'))
  await boss.start()

  const known = new Map<string, Promise<void>>()
  const create = async (queue: string) => {
    await boss.createQueue(queue, {
      heartbeatSeconds: defaults.leaseSeconds,
      expireInSeconds: defaults.longestAttemptSeconds,
      // Losing a worker is counted in our own rows; pg-boss only has to hand the job to another.
      retryLimit: 1_000,
      retryDelay: 0,
      // A queue that nobody serves must not lose its work: the longest that pg-boss keeps a job.
      retentionSeconds: 365 * 86_400,
    })
    // Fills pg-boss's own cache now: a miss inside our transaction would ask PGlite from outside of it, and wait for ever.
    await boss.touch(queue, [{ id: '00000000-0000-0000-0000-000000000000', retryCount: 0 }])
  }
  return {
    ensure(queue) {
      let made = known.get(queue)
      if (made === undefined) {
        made = create(queue)
        known.set(queue, made)
        made.catch(() => known.delete(queue))
      }
      return made
    },
    async send(trx, queue, wakes) {
      await boss.insert(
        queue,
        wakes.map(({ id, step, after, priority }) => ({
          id,
          data: step,
          ...(after === undefined ? {} : { startAfter: after }),
          ...(priority === undefined ? {} : { priority }),
        })),
        { db: fromKysely(trx) },
      )
    },
    async take(trx, queue, limit) {
      const jobs: Job<StepName>[] = await boss.fetch<StepName>(queue, { batchSize: limit, db: fromKysely(trx) })
      return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, step: data }))
    },
    async settle(trx, queue, leases) {
      if (leases.length > 0) await boss.deleteJob(queue, [...leases], { db: fromKysely(trx) })
    },
    async remove(trx, queue, jobs) {
      if (jobs.length > 0) await boss.deleteJob(queue, [...jobs], { db: fromKysely(trx) })
    },
    async beat(queue, leases) {
      const answer = await boss.touch(queue, [...leases])
      return 'affected' in answer && typeof answer.affected === 'number' ? answer.affected : leases.length
    },
    async live(queue, jobs) {
      // Not `findJobs`: it takes one at a time, and looks for it along the queue.
      const { rows } = await sql<{ id: string }>`
        SELECT id::text FROM ${sql.table(`${SCHEMA}.job`)}
        WHERE name = ${queue} AND id = ANY(${[...jobs]}::uuid[]) AND state IN ('created', 'retry', 'active')`.execute(
        database.db,
      )
      return new Set(rows.map(({ id }) => id))
    },
    async releaseAll(queue) {
      for (let after: string | undefined; ; ) {
        const jobs = await boss.findJobs(queue, { limit: 1_000, ...(after === undefined ? {} : { after }) })
        const active = jobs.filter(({ state }) => state === 'active')
        if (active.length > 0) await boss.fail(queue, active)
        after = jobs.at(-1)?.id
        if (jobs.length < 1_000) return
      }
    },
    nextTime(cron, timeZone, after) {
      const [next] = boss.previewSchedule(cron, { tz: timeZone, from: after, count: 1 })
      if (next === undefined) throw new Error('It names no time.')
      return next
    },
    async close() {
      await boss.stop({ graceful: false, close: true })
    },
  }
}

function bossOn({ pglite, postgres }: Database): PgBoss {
  const shared = {
    schema: SCHEMA,
    superviseIntervalSeconds: defaults.superviseSeconds,
    monitorIntervalSeconds: defaults.superviseSeconds,
    schedule: false,
    registerInstance: false,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  }
  if (pglite !== undefined) return new PgBoss({ ...shared, backend: 'pglite', db: fromPglite(pglite) })
  if (postgres === undefined) throw new Error('The database is neither embedded nor on PostgreSQL.')
  return new PgBoss({
    ...shared,
    // Upkeep has more to do in one statement than a request, and must not hang for ever either.
    ...postgres.config('errand-dispatch', { silence: defaults.dispatchSilence }),
    max: defaults.dispatchPoolSize,
  })
}
